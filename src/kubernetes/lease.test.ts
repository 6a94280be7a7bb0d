import { asyncProperty, assert, array, boolean, integer, tuple } from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type ApiCall, type ApiClient, ApiError } from "./api-client.ts";
import { LeaderElection } from "./lease.ts";
import { PausedTimers } from "./testing/paused-timers.ts";

interface StoredLease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

/** One Lease in memory, kept as an API server keeps it. */
class LeaseServer {
  lease: StoredLease | undefined;
  #version = 0;

  /** A client of it, which can be cut off. */
  client(): ApiClient & { isCut: boolean; losesAnswers: boolean } {
    const request = async <Answer>(call: ApiCall): Promise<Answer> => {
      await Promise.resolve();
      if (client.isCut) throw new ApiError("unreachable", "cut off");
      const answer = this.#answer(call) as Answer;
      if (call.method !== "GET" && client.losesAnswers) await untilAborted(call.signal);
      return answer;
    };
    const client = {
      isCut: false,
      /** What is written is stored, and nobody hears of it before they give up. */
      losesAnswers: false,
      request,
      // oxlint-disable-next-line require-yield -- nobody watches here
      async *stream<Document>(): AsyncGenerator<Document> {
        await Promise.reject(new ApiError("failed", "there is no watch here"));
      },
    };
    return client;
  }

  #answer({ method, body }: ApiCall): StoredLease {
    if (method === "POST" && this.lease) throw new ApiError("alreadyExists", "the lease is there");
    if (method !== "POST" && !this.lease) throw new ApiError("notFound", "the lease is not there");
    const { metadata, spec } = (body ?? {}) as Partial<StoredLease>;
    if (method === "PUT" && metadata?.resourceVersion !== this.lease?.metadata.resourceVersion)
      throw new ApiError("conflict", "was changed");
    if (method !== "GET" && spec) {
      this.#version += 1;
      this.lease = { metadata: { resourceVersion: String(this.#version) }, spec };
    }
    return this.lease as StoredLease;
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new ApiError("aborted", "given up")));
  });
}

/** Replicas that share a clock's pace but not its date. */
function world() {
  const [server, timers] = [new LeaseServer(), new PausedTimers()];
  /** Who leads, as each of them believes it. */
  const leading = new Set<string>();
  const history: string[] = [];
  const replica = (holder: string, skewMs = 0) => {
    const client = server.client();
    const election: LeaderElection = new LeaderElection({
      client,
      namespace: "trilith-system",
      name: "trilith",
      holder,
      timers,
      clock: () => new Date(Date.UTC(2026, 10, 24) + timers.now() + skewMs),
      random: () => 0.5,
      onLeading: (signal) => {
        leading.add(holder);
        if (leading.size > 1) history.push(`${[...leading].join(" and ")} lead`);
        history.push(`${holder} leads`);
        signal.addEventListener("abort", () => {
          leading.delete(holder);
          history.push(`${holder} stops`);
        });
      },
    });
    onTestFinished(() => election.stop());
    return { client, election };
  };
  return { server, timers, leading, history, replica };
}

test("the first to come leads, and keeps it, whatever the others' clocks say", async () => {
  const { timers, history, replica } = world();
  replica("a").election.start();
  await timers.pass(100);
  replica("b", 3_600_000).election.start();
  replica("c", -3_600_000).election.start();
  await timers.pass(600_000);
  expect(history).toEqual(["a leads"]);
});

test("a leader that stops gives the lease back, and another leads at its next look", async () => {
  const { server, timers, history, replica } = world();
  const [a, b] = [replica("a"), replica("b")];
  a.election.start();
  await timers.pass(100);
  b.election.start();
  await timers.pass(5_000);
  await a.election.stop();
  expect(server.lease?.spec.holderIdentity).toBe(undefined);
  await timers.pass(2_500);
  expect([history, server.lease?.spec]).toMatchObject([
    ["a leads", "a stops", "b leads"],
    { holderIdentity: "b", leaseTransitions: 1 },
  ]);
});

test("a leader that stops while a renewal is on its way gives the lease back all the same", async () => {
  const { server, timers, replica } = world();
  const a = replica("a");
  a.election.start();
  await timers.pass(100);
  a.client.losesAnswers = true;
  const before = server.lease?.metadata.resourceVersion;
  await timers.pass(2_500);
  expect(server.lease?.metadata.resourceVersion).not.toBe(before);
  a.client.losesAnswers = false;
  await a.election.stop();
  expect(server.lease?.spec.holderIdentity).toBe(undefined);
});

test("a replica that stops while it takes the lease does not keep it", async () => {
  const { server, timers, replica } = world();
  const a = replica("a");
  a.client.losesAnswers = true;
  a.election.start();
  await timers.pass(100);
  expect(server.lease?.spec.holderIdentity).toBe("a");
  a.client.losesAnswers = false;
  await a.election.stop();
  expect(server.lease?.spec.holderIdentity).toBe(undefined);
});

test("a leader that is cut off stops before another one starts, and follows when it is back", async () => {
  const { timers, history, leading, replica } = world();
  const [a, b] = [replica("a"), replica("b")];
  a.election.start();
  await timers.pass(100);
  b.election.start();
  await timers.pass(5_000);
  a.client.isCut = true;
  await timers.pass(10_500);
  expect([history, a.election.isLeading]).toEqual([["a leads", "a stops"], false]);
  await timers.pass(10_000);
  expect(history).toEqual(["a leads", "a stops", "b leads"]);
  a.client.isCut = false;
  await timers.pass(60_000);
  expect([...leading]).toEqual(["b"]);
});

test("a leader that cannot renew for a short time leads on", async () => {
  const { timers, history, replica } = world();
  const { client, election } = replica("a");
  election.start();
  await timers.pass(5_000);
  client.isCut = true;
  await timers.pass(6_000);
  client.isCut = false;
  await timers.pass(60_000);
  expect(history).toEqual(["a leads"]);
});

test("two that come at once do not both lead", async () => {
  const { timers, leading, replica } = world();
  replica("a").election.start();
  replica("b").election.start();
  await timers.pass(30_000);
  expect(leading.size).toBe(1);
});

test("whoever finds the lease in another's hands stops", async () => {
  const { server, timers, history, replica } = world();
  replica("a").election.start();
  await timers.pass(100);
  server.lease = { metadata: { resourceVersion: "x" }, spec: { holderIdentity: "b" } };
  await timers.pass(5_000);
  expect(history.slice(0, 2)).toEqual(["a leads", "a stops"]);
});

test("however replicas are cut off and come back, no two lead, and in the end one does", async () => {
  const steps = array(tuple(integer({ min: 0, max: 2 }), boolean(), integer({ min: 1, max: 20_000 })), {
    maxLength: 30,
  });
  const property = asyncProperty(steps, async (cuts) => {
    const { timers, history, leading, replica } = world();
    const replicas = ["a", "b", "c"].map((name) => replica(name));
    for (const { election } of replicas) election.start();
    for (const [which, isCut, ms] of cuts) {
      const { client } = replicas[which] ?? {};
      if (client) client.isCut = isCut;
      await timers.pass(ms);
    }
    for (const { client } of replicas) client.isCut = false;
    await timers.pass(30_000);
    expect([history.filter((line) => line.endsWith(" lead")), leading.size]).toEqual([[], 1]);
    await Promise.all(replicas.map(({ election }) => election.stop()));
  });
  await assert(property, { numRuns: 60 });
});
