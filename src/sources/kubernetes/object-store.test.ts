import { expect, test } from "vitest";
import { ObjectStore } from "./object-store.ts";
import type { SentObject } from "./trim-object.ts";

const route = (hostname: string, resourceVersion: string): SentObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { namespace: "shop", name: "cart", generation: 2, resourceVersion },
  spec: { hostnames: [hostname] },
});

const read = (store: ObjectStore): readonly unknown[] =>
  [...store.objects.values()].map((object) => "spec" in object && object.spec);

test("an object of the generation that is known is not read again, for a status is all that can be new", () => {
  const store = new ObjectStore();
  store.set("HTTPRoute", route("a.test", "1"));
  expect(store.set("HTTPRoute", route("a.test", "2"))).toBeUndefined();
  expect([...store.stored.values()].map(({ resourceVersion }) => resourceVersion)).toEqual(["2"]);
});

test("where the server has another past, the same generation is read again, once", () => {
  const store = new ObjectStore();
  store.set("HTTPRoute", route("a.test", "3"));
  store.doubt("HTTPRoute");
  expect(store.set("HTTPRoute", route("b.test", "2"))).toMatchObject({ kind: "set" });
  expect(read(store)).toMatchObject([{ hostnames: ["b.test"] }]);
  expect(store.set("HTTPRoute", route("b.test", "3"))).toBeUndefined();
});
