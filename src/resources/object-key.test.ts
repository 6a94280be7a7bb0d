import { describe, expect, test } from "vitest";
import { formatObject, objectKey, objectKeyOf, parseObjectKey } from "./object-key.ts";

describe("an object's key", () => {
  test.each([
    [
      { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop", name: "a.b" },
      "HTTPRoute.gateway.networking.k8s.io/shop/a.b",
    ],
    [
      { group: "gateway.networking.k8s.io", kind: "GatewayClass", name: "c" },
      "GatewayClass.gateway.networking.k8s.io/c",
    ],
    [{ group: "", kind: "Service", namespace: "shop", name: "s" }, "Service/shop/s"],
    [{ group: "", kind: "Namespace", name: "shop" }, "Namespace/shop"],
  ])("names it and can be read back: %j", (identity, key) => {
    expect(objectKey(identity)).toBe(key);
    expect(parseObjectKey(objectKey(identity))).toEqual(identity);
  });

  test("is the same for every version of the object", () => {
    const metadata = { namespace: "a", name: "b" };
    const keys = ["v1", "v1beta1"].map((version) =>
      objectKeyOf({ apiVersion: `gateway.networking.k8s.io/${version}`, kind: "HTTPRoute", metadata }),
    );
    expect(keys[0]).toBe(keys[1]);
  });

  test("is told to people by kind and name", () => {
    expect([
      formatObject({ kind: "Service", namespace: "a", name: "b" }),
      formatObject({ kind: "Namespace", name: "a" }),
    ]).toEqual(["Service a/b", "Namespace a"]);
  });
});
