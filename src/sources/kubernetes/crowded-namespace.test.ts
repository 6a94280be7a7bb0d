import { array, assert, asyncProperty, constant, integer, oneof, record } from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { ApiError, Turns } from "../../kubernetes/index.ts";
import { type MemoryObject, MemoryServer } from "../../kubernetes/testing/memory-server.ts";
import { PausedTimers } from "../../kubernetes/testing/paused-timers.ts";
import { CrowdedNamespace } from "./crowded-namespace.ts";

interface World {
  readonly server: MemoryServer;
  readonly crowd: CrowdedNamespace;
  /** What was told, as it stands. */
  readonly told: Map<string, number>;
  /** In order. */
  readonly history: string[];
  readonly problems: Map<string, string>;
  /** Lets time pass, and what arrives in it be told. */
  readonly pass: (ms: number) => Promise<void>;
  readonly want: (...names: readonly string[]) => readonly Disposable[];
}

function world(prepare: (server: MemoryServer) => void = () => undefined): World {
  const timers = new PausedTimers();
  const server = new MemoryServer(timers);
  const [told, history] = [new Map<string, number>(), [] as string[]];
  const problems = new Map<string, string>();
  const tell = (of: string, problem: ApiError | undefined): void => {
    if (problem) problems.set(of, problem.code);
    else problems.delete(of);
  };
  prepare(server);
  const crowd = new CrowdedNamespace({
    client: server,
    resource: { group: "", version: "v1", plural: "things" },
    turns: new Turns(2),
    onRead: (object) => {
      const { metadata, value } = object as unknown as MemoryObject;
      told.set(metadata.name, value);
      history.push(`${metadata.name}=${value}`);
    },
    onGone: (name) => {
      if (told.delete(name)) history.push(`no ${name}`);
    },
    onSettled: (key) => {
      if (!history.includes(`settled ${key}`)) history.push(`settled ${key}`);
    },
    onReadProblem: tell,
    onWatchProblem: (problem) => tell("watch", problem),
    timers,
  });
  onTestFinished(() => crowd[Symbol.dispose]());
  const pass = async (ms: number): Promise<void> => {
    await timers.pass(ms);
    for (let turn = 0; turn < 5; turn += 1) await timers.pass(0);
  };
  const want = (...names: readonly string[]): readonly Disposable[] =>
    names.map((name) => crowd.want({ key: `key-${name}`, name }));
  return { server, crowd, told, history, problems, pass, want };
}

test("only what is wanted is read, once for each version of it, and one watch is all that stays", async () => {
  const { server, pass, history, want } = world((prepared) => {
    for (const name of ["a", "b", "other"]) prepared.put(name, 1);
  });
  want("a", "b", "missing");
  await pass(10);
  server.put("other", 2);
  server.put("b", 2);
  await pass(10);
  expect([history.toSorted(), server.calls.toSorted()]).toEqual([
    ["a=1", "b=1", "b=2", "settled key-a", "settled key-b", "settled key-missing"],
    ["read a", "read b", "read b", "watch list"],
  ]);
});

test("what was not there is read when it comes, what goes is told as gone, and what nobody wants any more is left alone", async () => {
  const { server, crowd, pass, history, want } = world();
  const [first, second] = want("late", "left");
  await pass(10);
  server.put("late", 1);
  server.put("left", 1);
  await pass(10);
  server.remove("late");
  second?.[Symbol.dispose]();
  server.put("left", 2);
  await pass(10);
  first?.[Symbol.dispose]();
  expect([history.filter((line) => !line.startsWith("settled")), crowd.isEmpty]).toEqual([
    ["late=1", "left=1", "no late"],
    true,
  ]);
});

test("one that is wanted later is read at once, though nothing has changed", async () => {
  const { pass, history, want } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  want("a", "missing");
  await pass(10);
  expect(history.toSorted()).toEqual(["a=1", "settled key-a", "settled key-missing"]);
});

test("what changes or goes while it is read is not what the read says", async () => {
  const { server, pass, history, want } = world((prepared) => {
    for (const name of ["changing", "going"]) prepared.put(name, 1);
  });
  await pass(10);
  server.answersAfterMs = 100;
  want("changing", "going");
  await pass(50);
  server.put("changing", 2);
  server.remove("going");
  await pass(10);
  await pass(500);
  expect(history.filter((line) => !line.startsWith("settled"))).toEqual(["changing=1", "changing=2"]);
});

test("a server that was restored from a backup is read anew, be its versions known or not", async () => {
  const { server, pass, history, want } = world((prepared) => prepared.put("a", 1));
  const backup = server.backup();
  server.put("a", 2);
  server.put("b", 1);
  server.put("c", 1);
  want("a", "b");
  await pass(10);
  server.restore(backup);
  // The version that another value had before.
  server.put("a", 3);
  server.put("b", 4);
  await pass(1_000);
  expect(history.filter((line) => !line.startsWith("settled"))).toEqual(["a=2", "b=1", "a=3", "b=4"]);
});

test("a read that fails is told and tried again; one that is forbidden keeps nobody waiting", async () => {
  const { server, pass, history, problems, want } = world((prepared) => prepared.put("a", 1));
  await pass(10);
  server.failures.push(new ApiError("unreachable", "so it is"), new ApiError("forbidden", "not for you"));
  want("a");
  await pass(10);
  const first = [[...problems], [...history]];
  await pass(200);
  const second = [[...problems], [...history]];
  await pass(1_000);
  expect([first, second, [...problems], history]).toEqual([
    [[["key-a", "unreachable"]], []],
    [[["key-a", "forbidden"]], ["settled key-a"]],
    [],
    ["settled key-a", "a=1"],
  ]);
});

test("where the watch is forbidden, nobody waits, now or later", async () => {
  const { pass, history, problems, want } = world((prepared) => {
    prepared.failures.push(...Array.from({ length: 50 }, () => new ApiError("forbidden", "not for you")));
  });
  want("a");
  await pass(10);
  want("b");
  await pass(10);
  expect([history, [...problems]]).toEqual([["settled key-a", "settled key-b"], [["watch", "forbidden"]]]);
});

test("whatever happens to the connection, in the end all that is wanted is known as it is", async () => {
  const names = integer({ min: 0, max: 4 }).map((index) => `n${index}`);
  const step = oneof(
    { weight: 6, arbitrary: record({ do: constant("put" as const), name: names }) },
    { weight: 3, arbitrary: record({ do: constant("remove" as const), name: names }) },
    { weight: 3, arbitrary: record({ do: constant("want" as const), name: names }) },
    { weight: 2, arbitrary: record({ do: constant("unwant" as const), name: names }) },
    record({ do: constant("compact" as const) }),
    record({ do: constant("break" as const) }),
    record({
      do: constant("fail" as const),
      code: oneof(...(["unreachable", "throttled", "failed"] as const).map((code) => constant(code))),
    }),
    { weight: 4, arbitrary: record({ do: constant("pass" as const), ms: integer({ min: 0, max: 500 }) }) },
  );
  const property = asyncProperty(
    array(step, { maxLength: 60 }),
    integer({ min: 0, max: 300 }),
    async (steps, delayMs) => {
      const { server, crowd, told, problems, pass } = world();
      const wanted = new Map<string, Disposable>();
      server.answersAfterMs = delayMs;
      let value = 0;
      for (const each of steps) {
        if (each.do === "put") server.put(each.name, ++value);
        else if (each.do === "remove") server.remove(each.name);
        else if (each.do === "want") {
          if (!wanted.has(each.name)) wanted.set(each.name, crowd.want({ key: each.name, name: each.name }));
        } else if (each.do === "unwant") {
          wanted.get(each.name)?.[Symbol.dispose]();
          wanted.delete(each.name);
          told.delete(each.name);
        } else if (each.do === "compact") server.compact();
        else if (each.do === "break") server.endStreams("broken");
        else if (each.do === "fail") server.failures.push(new ApiError(each.code, "so it is"));
        else await pass(each.ms);
      }
      server.failures.length = 0;
      // What the watch brings in one may be read in the next.
      for (let round = 0; round < 3; round += 1) await pass(100_000);
      // A watch ends from time to time, and may be about to begin anew just now.
      for (let second = 0; second < 5 && problems.size > 0; second += 1) await pass(1_000);
      const there = [...server.objects.values()].filter(({ metadata }) => wanted.has(metadata.name));
      expect([told, [...problems]]).toEqual([new Map(there.map((object) => [object.metadata.name, object.value])), []]);
      crowd[Symbol.dispose]();
    },
  );
  await assert(property, { numRuns: 300 });
});
