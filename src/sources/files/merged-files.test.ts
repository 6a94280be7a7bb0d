import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KnownObject, objectKeyOf, type ObjectKey } from "../../resources/index.ts";
import type { LoadedObject } from "./load-file.ts";
import { MergedFiles } from "./merged-files.ts";

/** Objects as a file states them, in words: `Service shop/a 80`, `Namespace shop 1`, `GatewayClass trilith 1`. */
const objectOf = (words: string): KnownObject => {
  const [kind = "", path = "", value = ""] = words.split(" ");
  const [name, namespace] = path.split("/").reverse();
  const labels = { value };
  if (kind === "Namespace") return { apiVersion: "v1", kind, metadata: { name: name ?? "", labels } };
  if (kind === "GatewayClass") {
    const spec = { controllerName: `example.com/${value}` };
    return { apiVersion: "gateway.networking.k8s.io/v1", kind, metadata: { name: name ?? "" }, spec };
  }
  const metadata = { name: name ?? "", namespace: namespace ?? "default" };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { type: "ClusterIP", ports: [{ port: Number(value), targetPort: 80, protocol: "TCP" }] },
  };
};

const IMPLIED = "GatewayClass trilith implied";

class Files {
  readonly merged: MergedFiles = new MergedFiles([objectOf(IMPLIED)]);
  readonly #objects = new Map<string, KnownObject>();

  put(file: string, ...stated: readonly string[]): this {
    this.merged.put(
      file,
      stated.map((words) => this.#load(file, words)),
    );
    return this;
  }

  /** Services with their generations. */
  services(): readonly string[] {
    this.merged.settle();
    return [...this.merged.objects.values()]
      .flatMap((object) =>
        object.kind === "Service"
          ? [`${object.metadata.name}:${object.spec.ports?.[0]?.port}@${object.metadata.generation}`]
          : [],
      )
      .sort();
  }

  /** The same text gives the same object, as a file that is read again does. */
  #load(file: string, words: string): LoadedObject {
    const object = this.#objects.get(words) ?? objectOf(words);
    this.#objects.set(words, object);
    return { object, file, locate: () => ({ line: 1, column: 1 }) };
  }
}

describe("generations", () => {
  test("count what is edited", () => {
    const files = new Files().put("a", "Service s 1");
    expect([
      files.services(),
      files.put("a", "Service s 2").services(),
      files.put("a", "Service s 2").services(),
    ]).toEqual([["s:1@1"], ["s:2@2"], ["s:2@2"]]);
  });

  test("go on where an object moves to another file in one step, and begin anew where it was away", () => {
    const files = new Files().put("a", "Service s 1");
    files.services();
    const moved = files.put("a").put("b", "Service s 2").services();
    files.put("b").services();
    expect([moved, files.put("b", "Service s 3").services()]).toEqual([["s:2@2"], ["s:3@1"]]);
  });
});

test("of an object that is stated several times the first by path and place counts, whatever came first", () => {
  const files = new Files().put("b", "Service s 2").put("c", "Service s 3").put("a", "Service s 1", "Service s 4");
  const [first, problems] = [files.services(), files.merged.problems().map(({ file }) => file)];
  expect([first, problems, files.put("a").services(), files.merged.problems().map(({ file }) => file)]).toEqual([
    ["s:1@1"],
    ["a", "b", "c"],
    ["s:2@2"],
    ["c"],
  ]);
});

const SERVICES = [
  "Service a 1",
  "Service a 2",
  "Service shop/a 1",
  "Service shop/a 2",
  "Service shop/b 1",
  "Service mall/a 1",
];
const NAMESPACES = ["Namespace shop 1", "Namespace shop 2", "Namespace default 1"];
const words = fc.constantFrom(...SERVICES, ...NAMESPACES, "GatewayClass trilith 1", "GatewayClass other 1");
const put = fc.record({ file: fc.constantFrom("a", "b", "c"), stated: fc.array(words, { maxLength: 4 }) });
const steps = fc.array(fc.array(put, { maxLength: 4 }), { maxLength: 8 });

/** Generations tell of the past. */
const withoutGeneration = (objects: ReadonlyMap<ObjectKey, KnownObject>): unknown =>
  Object.fromEntries(
    [...objects].map(([key, { metadata, ...fields }]) => [
      key,
      { ...fields, metadata: { ...metadata, generation: 0 } },
    ]),
  );

test("steps give what the files give when they are all read anew, and changes tell all of it", () => {
  fc.assert(
    fc.property(steps, (done) => {
      const [stepwise, texts, told] = [
        new Files(),
        new Map<string, readonly string[]>(),
        new Map<ObjectKey, KnownObject>(),
      ];
      for (const step of done) {
        for (const { file, stated } of step) {
          stepwise.put(file, ...stated);
          texts.set(file, stated);
        }
        for (const change of stepwise.merged.settle()) {
          if (change.kind === "set") told.set(change.key, change.object);
          else told.delete(change.key);
        }
        const anew = new Files();
        for (const [file, stated] of texts) anew.put(file, ...stated);
        anew.merged.settle();
        expect(told).toEqual(stepwise.merged.objects);
        expect(withoutGeneration(stepwise.merged.objects)).toEqual(withoutGeneration(anew.merged.objects));
        expect([...stepwise.merged.places.keys()].sort()).toEqual([...anew.merged.places.keys()].sort());
        for (const [key, object] of told) expect(objectKeyOf(object)).toBe(key);
      }
    }),
    { numRuns: 300 },
  );
});
