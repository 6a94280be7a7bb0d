/**
 * Users who must not notice, inside the cluster's namespace: ask what `TARGET` (JSON) says until they are ended, the kinds of users
 * whose names are given. Writes what came of it to `FILE`, as JSON.
 */
import { writeFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { grpcUser, http1User, http2User, type SteadyTarget, type SteadyUser, webSocketUser } from "./steady-user.ts";

export interface SentRequests {
  /** How many were asked, by the kind of user. */
  readonly counts: Readonly<Partial<Record<SteadyUser["name"], number>>>;
  /** What was wrong, with the time since the start in ms. */
  readonly wrong: readonly string[];
}

const PAUSE_MS = 10;
/** No answer within this time is a wrong one, and the connection is given up, as clients do. */
const PATIENCE_MS = 15_000;

const makers: Readonly<Record<SteadyUser["name"], (target: SteadyTarget) => readonly SteadyUser[]>> = {
  http1: (target) => [http1User(target, true), http1User(target, true)],
  "http1-new": (target) => [http1User(target, false), http1User(target, false)],
  http2: (target) => [http2User(target), http2User(target)],
  grpc: (target) => [grpcUser(target)],
  websocket: (target) => [webSocketUser(target), webSocketUser(target)],
};

const [targetText = "{}", file = "", ...names] = process.argv.slice(2);
const target = JSON.parse(targetText) as SteadyTarget;
const users = (names as SteadyUser["name"][]).flatMap((name) => makers[name](target));
const wrong: string[] = [];
const counts: Partial<Record<SteadyUser["name"], number>> = {};
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

async function keepAsking(user: SteadyUser): Promise<void> {
  while (!stop.signal.aborted) {
    const problem = await askOnce(user).catch((error: unknown) => String(error));
    counts[user.name] = (counts[user.name] ?? 0) + 1;
    if (problem !== undefined) wrong.push(`${Math.round(performance.now())} ${user.name}: ${problem}`);
    await after(PAUSE_MS);
  }
  user.close();
}

async function askOnce(user: SteadyUser): Promise<string | undefined> {
  const isOver = new AbortController();
  const silence = after(PATIENCE_MS, undefined, { signal: isOver.signal }).then(() => {
    user.close();
    return `no answer within ${PATIENCE_MS} ms`;
  });
  try {
    return await Promise.race([user.ask(), silence]);
  } finally {
    isOver.abort();
  }
}

await Promise.all(users.map(keepAsking));
writeFileSync(file, JSON.stringify({ counts, wrong } satisfies SentRequests));
// What was given up may still be waiting for somebody.
process.exit();
