import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Graph, type Source } from "../collections/index.ts";
import { ApiError } from "../kubernetes/index.ts";
import { PausedTimers } from "../kubernetes/testing/paused-timers.ts";
import { objectKeyOf } from "../resources/index.ts";
import type { StoredStatus } from "./merge-status.ts";
import type { StatedObject } from "./status-book.ts";
import { StatusWriter } from "./status-writer.ts";
import type { SentObject } from "./stored-objects.ts";
import { MemoryApi } from "./testing/memory-api.ts";

const OURS = "trilith.dev/gateway-controller";
const NOW = "2026-11-24T12:00:00Z";
const NAMES = ["a", "b", "c"] as const;

const routeOf = (name: string): SentObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { namespace: "shop", name, generation: 1 },
});
const entry = (parent: string, controllerName: string, reason: string) => ({
  parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: parent },
  controllerName,
  conditions: [{ type: "Accepted", status: "True" as const, reason, message: "", observedGeneration: 1 }],
});
const foreignEntry = (reason: string) => {
  const { conditions, ...rest } = entry("theirs", "example.com/other", reason);
  return { ...rest, conditions: conditions.map((condition) => ({ ...condition, lastTransitionTime: NOW })) };
};

/** A writer, what it should have written, and what another controller wrote. */
class World {
  readonly api: MemoryApi = new MemoryApi();
  readonly timers: PausedTimers = new PausedTimers();
  readonly wanted: Map<string, string> = new Map();
  readonly foreign: Map<string, string> = new Map();
  readonly writer: StatusWriter;
  readonly #stated: Source<StatedObject>;

  constructor() {
    const graph = new Graph();
    this.#stated = graph.source({ name: "statuses", key: ({ key }) => key });
    this.writer = new StatusWriter({
      client: this.api,
      stated: this.#stated,
      stored: this.api,
      controllerName: OURS,
      timers: this.timers,
      clock: () => new Date(NOW),
      random: () => 0,
    });
    graph.subscribe(this.#stated, (changes) => this.writer.take(changes));
    for (const name of NAMES) this.api.put(routeOf(name));
    this.writer.start();
  }

  state(name: string, reason: string | undefined, isPassing = false): void {
    const { apiVersion, kind } = routeOf(name);
    const key = objectKeyOf(routeOf(name));
    if (reason === undefined) {
      this.wanted.delete(name);
      this.#stated.delete(key);
      return;
    }
    this.wanted.set(name, reason);
    const status = { parents: [entry("web", OURS, reason)] };
    const passing = isPassing && { isPassing };
    this.#stated.set({ key, apiVersion, kind, namespace: "shop", name, generation: 1, ...passing, status });
  }

  /** Another controller writes, as it should: it keeps what is not its own. */
  writeForeign(name: string, reason: string, isSeen: boolean): void {
    this.foreign.set(name, reason);
    const { parents = [] } = this.api.statusOf(routeOf(name)) ?? {};
    const kept = parents.filter(({ controllerName }) => controllerName === OURS);
    this.api.put({ ...routeOf(name), status: { parents: [...kept, foreignEntry(reason)] } }, { isSeen });
    if (isSeen) this.writer.look([objectKeyOf(routeOf(name))]);
  }

  see(name: string): void {
    this.api.see(routeOf(name));
    this.writer.look([objectKeyOf(routeOf(name))]);
  }

  /** Reasons of the entries that are stored, by controller. */
  stored(name: string): (string | undefined)[] {
    const { parents = [] }: StoredStatus = this.api.statusOf(routeOf(name)) ?? {};
    return [OURS, "example.com/other"].map(
      (controller) => parents.find(({ controllerName }) => controllerName === controller)?.conditions[0]?.reason,
    );
  }
}

type Step = (world: World) => Promise<void> | void;
const name = fc.constantFrom(...NAMES);
const reason = fc.constantFrom("One", "Two", "Three");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(name, reason, fc.boolean()).map(
      ([of, why, isPassing]): Step =>
        (world) =>
          world.state(of, why, isPassing),
    ),
  },
  {
    weight: 1,
    arbitrary: name.map(
      (of): Step =>
        (world) =>
          world.state(of, undefined),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(name, reason, fc.boolean()).map(
      ([of, why, isSeen]): Step =>
        (world) =>
          world.writeForeign(of, why, isSeen),
    ),
  },
  {
    weight: 3,
    arbitrary: name.map(
      (of): Step =>
        (world) =>
          world.see(of),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom("throttled", "unreachable", "timeout", "conflict", "invalid", "notFound").map(
      (code): Step =>
        (world) =>
          void world.api.failures.push(new ApiError(code, "made up")),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(1, 20, 500).map(
      (ms): Step =>
        async (world) =>
          world.timers.pass(ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async (world) => {
      await world.writer.stop();
      world.writer.start();
    }),
  },
);

test("whatever fails and whoever writes at the same time: in the end our entries are as stated, and others' as they wrote them", async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const world = new World();
    for (const take of steps) await take(world);
    world.api.failures.length = 0;
    await world.timers.pass(400_000);
    for (const of of NAMES) world.see(of);
    await world.timers.pass(400_000);
    expect(NAMES.map((of) => world.stored(of))).toEqual(
      NAMES.map((of) => [world.wanted.get(of), world.foreign.get(of)]),
    );
    expect(world.writer.backlog).toBe(0);
    await world.writer.stop();
  });
  await fc.assert(property, { numRuns: 300 });
}, 60_000);
