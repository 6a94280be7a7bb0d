import { describe, expect, inject, test } from "vitest";
import { Graph, type Source } from "../../src/collections/index.ts";
import { connectToCluster, LeaderElection, resourcePath } from "../../src/kubernetes/index.ts";
import { kinds, objectKeyOf, type ObjectKey, type OwnCondition } from "../../src/resources/index.ts";
import {
  EventRecorder,
  type SentObject,
  type StatedObject,
  StatusWriter,
  type StatusWriteEvent,
  type StoredObject,
  storedObjectOf,
} from "../../src/status/index.ts";
import { startControlPlane } from "./control-plane.ts";
import { useControlPlane } from "./use-control-plane.ts";

const OURS = "trilith.dev/gateway-controller";
const API_VERSION = "gateway.networking.k8s.io/v1";
const environment = inject("controlPlane");

const cluster = useControlPlane();

const condition = (type: string, status: "True" | "False" = "True"): OwnCondition => ({
  type,
  status,
  reason: status === "True" ? "Accepted" : "Pending",
  message: "",
  observedGeneration: 1,
});
const web = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "web" };
const routeStatus = (...conditions: readonly OwnCondition[]) => ({
  parents: [{ parentRef: web, controllerName: OURS, conditions }],
});
const gatewayStatus = (attachedRoutes: number) => ({
  conditions: [condition("Accepted"), condition("Programmed")],
  listeners: [{ name: "http", attachedRoutes, supportedKinds: [], conditions: [condition("Accepted")] }],
});
const routeNamed = (name: string): object => ({
  apiVersion: API_VERSION,
  kind: "HTTPRoute",
  metadata: { name },
  spec: { parentRefs: [{ name: "web" }], rules: [{ backendRefs: [{ name: "shop", port: 80 }] }] },
});
const gatewayNamed = (name: string): object => ({
  apiVersion: API_VERSION,
  kind: "Gateway",
  metadata: { name },
  spec: { gatewayClassName: "trilith", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
});

/** A namespace, objects in it, and a writer that knows them as a watch would. */
class Bench {
  readonly events: StatusWriteEvent[] = [];
  readonly writer: StatusWriter;
  readonly #stored = new Map<ObjectKey, StoredObject>();
  readonly #stated: Source<StatedObject>;
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
    const graph = new Graph();
    this.#stated = graph.source({ name: "statuses", key: ({ key }) => key });
    this.writer = new StatusWriter({
      client: cluster.client,
      stated: this.#stated,
      stored: { get: (key) => this.#stored.get(key), keys: () => this.#stored.keys() },
      controllerName: OURS,
      onEvent: (event) => this.events.push(event),
    });
    graph.subscribe(this.#stated, (changes) => this.writer.take(changes));
    this.writer.start();
  }

  async create(kind: "Gateway" | "HTTPRoute", body: object): Promise<SentObject> {
    const { group, plural } = kinds[kind];
    const path = resourcePath({ group, version: "v1", plural, namespace: this.#namespace });
    const object = await cluster.client.request<SentObject>({ method: "POST", path, body });
    this.#stored.set(objectKeyOf(object), storedObjectOf(object));
    return object;
  }

  async read({ kind, metadata: { name } }: SentObject, subresource?: object): Promise<SentObject> {
    const { group, plural } = kinds[kind as "Gateway"];
    const location = { group, version: "v1", plural, namespace: this.#namespace, name };
    return subresource === undefined
      ? cluster.client.request<SentObject>({ method: "GET", path: resourcePath(location) })
      : cluster.client.request<SentObject>({
          method: "PATCH",
          patch: "merge",
          path: resourcePath({ ...location, subresource: "status" }),
          body: subresource,
        });
  }

  state(object: SentObject, status: StatedObject["status"]): void {
    const { apiVersion, kind, metadata } = object;
    const identity = { key: objectKeyOf(object), apiVersion, kind, namespace: this.#namespace, name: metadata.name };
    this.#stated.set({ ...identity, generation: 1, status });
  }

  writes(kind: string): number[] {
    return this.events.flatMap((event) =>
      event.kind === "written" && event.key.startsWith(`${kind}.`) ? [event.tookMs] : [],
    );
  }
}

async function benchIn(namespace: string): Promise<Bench> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await cluster.client.request({ method: "POST", path: "/api/v1/namespaces", body });
  return new Bench(namespace);
}

describe.skipIf(environment === undefined)("against a real API server", () => {
  test("a status is stored beside what another controller writes at the same time", async () => {
    const bench = await benchIn("beside");
    const route = await bench.create("HTTPRoute", routeNamed("cart"));
    const foreign = {
      parentRef: { name: "theirs" },
      controllerName: "example.com/other",
      conditions: [{ ...condition("Accepted"), lastTransitionTime: "2026-01-01T00:00:00Z" }],
    };
    await bench.read(route, { status: { parents: [foreign] } });
    bench.state(route, routeStatus(condition("Accepted"), condition("ResolvedRefs")));
    await expect.poll(() => bench.events.map(({ kind }) => kind)).toEqual(["conflict", "written"]);
    const { status } = await bench.read(route);
    expect(
      status?.parents?.map(({ controllerName, conditions }) => [controllerName, conditions.map(({ type }) => type)]),
    ).toEqual([
      ["example.com/other", ["Accepted"]],
      [OURS, ["Accepted", "ResolvedRefs"]],
    ]);
    await bench.writer.stop();
  });

  test("1,000 routes are accepted and counted soon after the last one, with few writes of their Gateway", async () => {
    const bench = await benchIn("many");
    const gateway = await bench.create("Gateway", gatewayNamed("web"));
    bench.state(gateway, gatewayStatus(0));
    await expect.poll(() => bench.writes("Gateway").length).toBe(1);
    const [count, creators] = [1_000, 4];
    let made = 0;
    const started = performance.now();
    const create = async (): Promise<void> => {
      for (let index = made++; index < count; index = made++) {
        const route = await bench.create("HTTPRoute", routeNamed(`route-${index}`));
        bench.state(route, routeStatus(condition("Accepted"), condition("ResolvedRefs")));
        bench.state(gateway, gatewayStatus(made));
      }
    };
    await Promise.all(Array.from({ length: creators }, create));
    const created = performance.now();
    bench.state(gateway, gatewayStatus(count));
    await expect.poll(() => bench.writer.backlog, { interval: 5, timeout: 30_000 }).toBe(0);
    const ended = performance.now();
    const took = bench.writes("HTTPRoute").toSorted((a, b) => a - b);
    const gatewayWrites = bench.writes("Gateway").length - 1;
    console.log(
      `${count} routes created in ${((created - started) / 1_000).toFixed(1)} s; all accepted and counted ` +
        `${Math.round(ended - created)} ms after the last; ${took.length} writes of routes ` +
        `(${Math.round(took.length / ((ended - started) / 1_000))} a second, from change to stored p50 ` +
        `${took[count / 2]?.toFixed(0)} ms, p95 ${took[count * 0.95]?.toFixed(0)} ms), ${gatewayWrites} of the Gateway`,
    );
    const { status } = await bench.read(gateway);
    expect([took.length, status?.listeners?.map((listener) => ({ ...listener, conditions: [] }))]).toEqual([
      count,
      [{ name: "http", attachedRoutes: count, supportedKinds: [], conditions: [] }],
    ]);
    // Of a calm machine two or three; a busy one takes longer, and so there are more.
    expect(gatewayWrites).toBeLessThanOrEqual(3 + Math.ceil((ended - started) / 5_000));
    await bench.writer.stop();
  });

  test("an Event is stored, and counted up", async () => {
    const bench = await benchIn("told");
    const route = storedObjectOf(await bench.create("HTTPRoute", routeNamed("cart")));
    let now = 0;
    const timers = { now: () => now, after: () => ({ [Symbol.dispose]: () => undefined }) };
    const dropped: string[] = [];
    const onDropped = (cause: string): void => void dropped.push(cause);
    const recorder = new EventRecorder({
      client: cluster.client,
      controllerName: OURS,
      instance: "trilith-0",
      timers,
      onDropped,
    });
    const news = { type: "Warning", reason: "BackendNotFound", action: "Translate", note: "ü".repeat(2_000) } as const;
    recorder.record(route, news);
    await recorder[Symbol.asyncDispose]();
    now = 600_000;
    recorder.record(route, news);
    await recorder[Symbol.asyncDispose]();
    const { items } = await cluster.client.request<{ items: { reason: string; series?: { count: number } }[] }>({
      method: "GET",
      path: "/apis/events.k8s.io/v1/namespaces/told/events",
    });
    expect([dropped, items.map(({ reason, series }) => [reason, series?.count])]).toEqual([
      [],
      [["BackendNotFound", 2]],
    ]);
    await bench.writer.stop();
  });

  test("of two replicas one leads, and the other when the first stops", async () => {
    const leading: string[] = [];
    const replica = (holder: string): LeaderElection =>
      new LeaderElection({
        client: cluster.client,
        namespace: "default",
        name: "trilith",
        holder,
        durationMs: 3_000,
        renewDeadlineMs: 2_000,
        retryMs: 200,
        onLeading: () => leading.push(holder),
      });
    const replicas = { a: replica("a"), b: replica("b") };
    for (const election of Object.values(replicas)) election.start();
    await expect.poll(() => leading.length).toBe(1);
    const [first, second] = leading[0] === "a" ? (["a", "b"] as const) : (["b", "a"] as const);
    // Through several renewals.
    await expect.poll(() => replicas[second].holder).toBe(first);
    await replicas[first].stop();
    await expect.poll(() => [leading, replicas[second].isLeading]).toEqual([[first, second], true]);
    await replicas[second].stop();
  });

  test("a leader whose server is gone leads no longer, in time", async () => {
    const mortal = await startControlPlane(environment?.binary ?? "");
    using own = await connectToCluster({ kubeconfig: mortal.kubeconfigPath });
    const aborted: boolean[] = [];
    const election = new LeaderElection({
      client: own,
      namespace: "default",
      name: "trilith",
      holder: "a",
      durationMs: 3_000,
      renewDeadlineMs: 1_000,
      retryMs: 200,
      onLeading: (signal) => signal.addEventListener("abort", () => aborted.push(true)),
    });
    election.start();
    await expect.poll(() => election.isLeading).toBe(true);
    await mortal.stop();
    await expect.poll(() => [election.isLeading, aborted], { timeout: 2_000 }).toEqual([false, [true]]);
    await election.stop();
  });
});
