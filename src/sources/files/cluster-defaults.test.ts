import { expect, test } from "vitest";
import { isOfKind, type KnownObject, type ObjectKey, objectKeyOf, validate } from "../../resources/index.ts";
import { ClusterDefaults, withClusterDefaults } from "./cluster-defaults.ts";

const read = (value: object): KnownObject => {
  const { object, problems } = validate(value);
  if (object === undefined) throw new Error(JSON.stringify(problems));
  return object;
};

const mapOf = (...values: readonly object[]): ReadonlyMap<ObjectKey, KnownObject> =>
  new Map(values.map(read).map((object) => [objectKeyOf(object), object]));

const service = (spec: object): object => ({ apiVersion: "v1", kind: "Service", metadata: { name: "cart" }, spec });
const workload = (name: string, address: string, ports: readonly object[], labels = { app: "cart" }): object => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "Workload",
  metadata: { name, labels },
  spec: { address, ports },
});

const first = workload("a", "127.1.0.1", [{ name: "web", port: 8080, localPort: 1 }]);
const second = workload("b", "127.1.0.2", [{ name: "web", port: 9090, localPort: 2 }]);
const other = workload("c", "127.1.0.3", [{ name: "web", port: 8080, localPort: 3 }], { app: "other" });

const slicesIn = (objects: ReadonlyMap<ObjectKey, KnownObject>): unknown[] =>
  [...objects.values()].flatMap((object) =>
    isOfKind(object, "EndpointSlice")
      ? [
          `${object.metadata.name}: ${object.endpoints.map(({ addresses, conditions }) => `${addresses.join()} ${conditions?.ready}`).join(", ")} on ${JSON.stringify(object.ports)}`,
        ]
      : [],
  );

test("a Service has the Workloads for endpoints that it selects, each on the port that it means by a name", () => {
  const objects = mapOf(
    service({ selector: { app: "cart" }, ports: [{ name: "http", port: 80, targetPort: "web" }] }),
    first,
    second,
    other,
  );
  expect(slicesIn(withClusterDefaults(objects, ({ metadata }) => metadata.name === "a"))).toEqual([
    'cart-workloads-0: 127.1.0.1 true on [{"name":"http","protocol":"TCP","port":8080}]',
    'cart-workloads-1: 127.1.0.2 false on [{"name":"http","protocol":"TCP","port":9090}]',
  ]);
});

test("a Service has an address, always the same object, unless it says that it has none or another", () => {
  const objects = mapOf(service({ ports: [{ port: 80 }] }), first);
  const key = objectKeyOf(read(service({ ports: [{ port: 80 }] })));
  const made = withClusterDefaults(objects).get(key);
  expect(made).toMatchObject({ spec: { clusterIP: expect.stringMatching(/^198\.1[89]\./) } });
  expect(withClusterDefaults(objects).get(key)).toBe(made);
  const headless = mapOf(service({ clusterIP: "None", ports: [{ port: 80 }] }), first);
  expect(withClusterDefaults(headless).get(key)).toBe(headless.get(key));
});

test("without Workloads everything is as it was written", () => {
  const objects = mapOf(service({ selector: { app: "cart" }, ports: [{ port: 80 }] }));
  expect(withClusterDefaults(objects)).toBe(objects);
});

test("steps lead to what a cluster would add to the whole, whatever comes and goes", () => {
  const cart = service({ selector: { app: "cart" }, ports: [{ name: "http", port: 80, targetPort: "web" }] });
  const states = [
    mapOf(cart),
    mapOf(cart, first),
    mapOf(cart, first, second),
    mapOf(first),
    mapOf(cart, second),
    mapOf(),
  ];
  const [defaults, told] = [new ClusterDefaults(), new Map<ObjectKey, KnownObject>()];
  let before: ReadonlyMap<ObjectKey, KnownObject> = new Map();
  const step = (objects: typeof before, isReady: boolean): void => {
    const gone = [...before].filter(([key]) => !objects.has(key));
    const changes = [
      ...gone.map(([key, { kind }]) => ({ kind: "delete" as const, key, of: kind })),
      ...[...objects].map(([key, object]) => ({ kind: "set" as const, key, object })),
    ];
    before = objects;
    for (const change of defaults.changesWith(changes, objects, () => isReady)) {
      if (change.kind === "set") told.set(change.key, change.object);
      else told.delete(change.key);
    }
    expect(told).toEqual(withClusterDefaults(objects, () => isReady));
  };
  for (const state of states) step(state, true);
  for (const state of states.toReversed()) step(state, false);
});
