import { array, assert, asyncProperty, boolean, constant, integer, oneof, record } from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { ApiError } from "./api-client.ts";
import { ResourceWatch, type WatchOptions } from "./resource-watch.ts";
import type { WatchChange } from "./seen-objects.ts";
import { type MemoryObject, MemoryServer } from "./testing/memory-server.ts";
import { PausedTimers } from "./testing/paused-timers.ts";
import { Turns } from "./turns.ts";

interface World {
  readonly server: MemoryServer;
  /** What was told, as it stands. */
  readonly told: Map<string, number>;
  /** In order, with `synced` and problems among them. */
  readonly history: string[];
  readonly watch: ResourceWatch<number>;
  /** Lets time pass, and what arrives in it be told. */
  readonly pass: (ms: number) => Promise<void>;
}

function world(prepare: (server: MemoryServer) => void, options: Partial<WatchOptions<number>> = {}): World {
  const timers = new PausedTimers();
  const server = new MemoryServer(timers);
  const [told, history] = [new Map<string, number>(), [] as string[]];
  prepare(server);
  const take = (change: WatchChange<number>): void => {
    history.push(change.kind === "set" ? `${change.name}=${change.item}` : `no ${change.name}`);
    if (change.kind === "set") told.set(change.name, change.item);
    else told.delete(change.name);
  };
  const watch = new ResourceWatch<number>({
    client: server,
    resource: { group: "", version: "v1", plural: "things" },
    read: (object) => (object as unknown as MemoryObject).value,
    onChanges: (changes) => {
      for (const change of changes) take(change);
    },
    onSynced: () => history.push("synced"),
    onProblem: (problem) => history.push(problem ? `problem ${problem.code}` : "well again"),
    timers,
    random: () => 0,
    ...options,
  });
  onTestFinished(() => watch[Symbol.dispose]());
  const pass = async (ms: number): Promise<void> => {
    await timers.pass(ms);
    for (let turn = 0; turn < 3; turn += 1) await timers.pass(0);
  };
  return { server, told, history, watch, pass };
}

const unreachable = (): ApiError => new ApiError("unreachable", "connection refused");

test("everything that is there is told before the list counts as complete, and then what changes", async () => {
  const { server, pass, history } = world((prepared) => {
    prepared.put("a", 1);
    prepared.put("b", 2);
  });
  await pass(10);
  server.put("a", 3);
  server.remove("b");
  await pass(10);
  expect([history, server.calls]).toEqual([["a=1", "b=2", "synced", "a=3", "no b"], ["watch list"]]);
});

test("a server without streamed lists is asked for pages of one state, and then watched", async () => {
  const { server, pass, history } = world(
    (prepared) => {
      prepared.hasStreamedLists = false;
      for (const name of ["a", "b", "c"]) prepared.put(name, 1);
    },
    { pageSize: 2 },
  );
  await pass(10);
  server.put("c", 2);
  await pass(10);
  expect([history, server.calls]).toEqual([
    ["a=1", "b=1", "c=1", "synced", "c=2"],
    ["watch list", "list", "list continue", "watch 4"],
  ]);
});

test("a state that the server forgets between two pages is asked for in one", async () => {
  const { server, pass, history } = world(
    (prepared) => {
      prepared.hasStreamedLists = false;
      for (const name of ["a", "b", "c"]) prepared.put(name, 1);
      const list = prepared.request.bind(prepared);
      prepared.request = async <Answer>(call: Parameters<typeof list>[0]) => {
        const answer = await list<Answer>(call);
        prepared.compact();
        return answer;
      };
    },
    { pageSize: 2 },
  );
  await pass(1_000);
  expect([history, server.calls]).toEqual([
    ["a=1", "b=1", "c=1", "synced"],
    ["watch list", "list", "list continue", "list", "watch 4"],
  ]);
});

test("a broken watch goes on from where it was, and takes nothing back", async () => {
  const { server, pass, history } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  server.put("b", 1);
  await pass(10);
  server.endStreams("broken");
  server.put("b", 2);
  await pass(1_000);
  expect([history, server.calls]).toEqual([
    ["a=1", "synced", "b=1", "problem unreachable", "well again", "b=2"],
    ["watch list", "newest", "watch 3"],
  ]);
});

test("a bookmark is where a quiet watch goes on", async () => {
  const { server, pass } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  server.put("b", 1);
  server.bookmark();
  server.compact();
  await pass(10_000);
  server.endStreams("ordinary");
  await pass(10);
  expect(server.calls).toEqual(["watch list", "newest", "watch 3"]);
});

test("a server that was restored from a backup is told anew, be its versions known or not", async () => {
  const { server, pass, history } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  const backup = server.backup();
  server.put("b", 1);
  server.put("a", 2);
  server.put("c", 1);
  await pass(10);
  server.restore(backup);
  // The version that another object had before.
  server.put("b", 5);
  await pass(1_000);
  server.put("d", 1);
  await pass(10);
  expect(history.filter((line) => !/problem|well/.test(line))).toEqual([
    "a=1",
    "synced",
    "b=1",
    "a=2",
    "c=1",
    "a=1",
    "b=5",
    "no c",
    "d=1",
  ]);
});

test.each([true, false])(
  "what went on while the server forgot is told as changes (as an event: %s)",
  async (asEvent) => {
    const { server, pass, history } = world((prepared) => {
      prepared.tellsGoneAsEvent = asEvent;
      for (const name of ["kept", "changed", "gone"]) prepared.put(name, 1);
    });
    await pass(10);
    server.failures.push(unreachable(), unreachable());
    server.endStreams("broken");
    server.remove("gone");
    server.put("changed", 2);
    server.put("new", 1);
    server.compact();
    await pass(5_000);
    expect(history.filter((line) => !/problem|well/.test(line))).toEqual([
      "kept=1",
      "changed=1",
      "gone=1",
      "synced",
      "changed=2",
      "new=1",
      "no gone",
    ]);
  },
);

test("a list that breaks in the middle removes nothing, and what it told counts", async () => {
  const { server, pass, told } = world((prepared) => {
    for (const name of ["a", "b", "c"]) prepared.put(name, 1);
  });
  await pass(10);
  server.breaks.push(1);
  server.failures.push(new ApiError("gone", "too old", { httpStatus: 410 }));
  server.endStreams("broken");
  server.put("a", 2);
  await pass(350);
  server.failures.push(...Array.from({ length: 3 }, unreachable));
  expect([...told]).toEqual([
    ["a", 2],
    ["b", 1],
    ["c", 1],
  ]);
});

test("a server that is away is asked ever less often, and as late as it wants", async () => {
  const { server, pass } = world((prepared) => {
    prepared.failures.push(...Array.from({ length: 20 }, unreachable));
  });
  await pass(3_000);
  const first = server.calls.length;
  await pass(60_000);
  server.failures.splice(0, Infinity, new ApiError("throttled", "busy", { httpStatus: 429, retryAfterMs: 30_000 }));
  await pass(10_000);
  const before = server.calls.length;
  await pass(29_000);
  expect([first, before, server.calls.length]).toEqual([5, 14, 14]);
});

test("a server that ends every watch at once is not asked without pause", async () => {
  const { server, pass } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  for (let passed = 0; passed < 10_000; passed += 10) {
    server.endStreams("ordinary");
    await pass(10);
  }
  expect(server.calls.filter((call) => call.startsWith("watch")).length).toBeLessThan(10);
});

test("a server that does not answer is asked again, and so is one that falls silent in a list", async () => {
  const { server, pass, history } = world((prepared) => {
    prepared.put("a", 1);
    prepared.isSilent = true;
  });
  await pass(29_000);
  expect(history).toEqual([]);
  await pass(1_050);
  server.isSilent = false;
  server.silentAfterAnswer = true;
  await pass(59_000);
  expect(history).toEqual(["problem timeout"]);
  server.silentAfterAnswer = false;
  await pass(2_000);
  expect(history).toEqual(["problem timeout", "problem timeout", "well again", "a=1", "synced"]);
});

test("a watch that says nothing and outlasts what was asked is given up", async () => {
  const { server, pass, history } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  server.isSilent = true;
  server.put("a", 2);
  await pass(269_000);
  expect(history).toEqual(["a=1", "synced"]);
  await pass(1_050);
  server.isSilent = false;
  await pass(100);
  expect(history.slice(2)).toEqual(["problem timeout", "well again", "a=2"]);
});

test("of watches that take turns, one lists when another one's list is complete, or has failed, and then all watch", async () => {
  const turns = new Turns(1);
  const { server, pass, history } = world((prepared) => prepared.put("a", 1), { turns });
  const timers = new PausedTimers();
  const second = new ResourceWatch<number>({
    client: server,
    resource: { group: "", version: "v1", plural: "things" },
    read: (object) => (object as unknown as MemoryObject).value,
    onChanges: (changes) => history.push(`second has ${changes.length}`),
    timers,
    turns,
  });
  onTestFinished(() => second[Symbol.dispose]());
  server.failures.push(unreachable());
  await pass(0);
  expect([history, server.calls]).toEqual([
    ["problem unreachable", "second has 1"],
    ["watch list", "watch list"],
  ]);
  await pass(200);
  server.put("a", 2);
  await pass(10);
  expect(history.slice(2)).toEqual(["well again", "a=1", "synced", "second has 1", "a=2"]);
});

test("whatever happens to the connection, in the end everything is known, and nothing was lost on the way", async () => {
  const names = integer({ min: 0, max: 5 }).map((index) => `n${index}`);
  const step = oneof(
    { weight: 6, arbitrary: record({ do: constant("put" as const), name: names }) },
    { weight: 3, arbitrary: record({ do: constant("remove" as const), name: names }) },
    record({ do: constant("compact" as const) }),
    record({ do: constant("bookmark" as const) }),
    record({ do: constant("end" as const), how: oneof(constant("ordinary" as const), constant("broken" as const)) }),
    record({ do: constant("break" as const), after: integer({ min: 1, max: 4 }) }),
    record({
      do: constant("fail" as const),
      code: oneof(...(["unreachable", "throttled", "gone", "failed"] as const).map((code) => constant(code))),
    }),
    record({ do: constant("silence" as const), ms: integer({ min: 0, max: 400_000 }) }),
    { weight: 4, arbitrary: record({ do: constant("pass" as const), ms: integer({ min: 0, max: 2_000 }) }) },
  );
  const property = asyncProperty(
    array(step, { maxLength: 60 }),
    boolean(),
    boolean(),
    async (steps, streams, asEvent) => {
      const { server, pass, told, history, watch } = world(
        (prepared) => {
          prepared.hasStreamedLists = streams;
          prepared.tellsGoneAsEvent = asEvent;
        },
        { pageSize: 2 },
      );
      let value = 0;
      for (const each of steps) {
        if (each.do === "put") server.put(each.name, ++value);
        else if (each.do === "remove") server.remove(each.name);
        else if (each.do === "compact") server.compact();
        else if (each.do === "bookmark") server.bookmark();
        else if (each.do === "end") server.endStreams(each.how);
        else if (each.do === "break") server.breaks.push(each.after);
        else if (each.do === "fail") server.failures.push(new ApiError(each.code, "so it is"));
        else if (each.do === "silence") {
          server.isSilent = true;
          await pass(each.ms);
          server.isSilent = false;
          // What was silent has lost what it should have said.
          server.endStreams("broken");
        } else await pass(each.ms);
      }
      server.failures.length = 0;
      server.breaks.length = 0;
      await pass(200_000);
      const removed = history.filter((line) => line.startsWith("no ")).map((line) => line.slice(3));
      const actual = new Map([...server.objects.values()].map((object) => [object.metadata.name, object.value]));
      expect([told, removed.filter((name) => !server.deleted.has(name)), watch.problem]).toEqual([
        actual,
        [],
        undefined,
      ]);
      watch[Symbol.dispose]();
    },
  );
  await assert(property, { numRuns: 300 });
});
