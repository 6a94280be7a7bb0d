/**
 * Users who must not notice, inside the cluster's namespace: asks `http://ADDRESS` for `HOST` until it is ended, some on kept
 * connections and some on a new one each time. Writes what came of it to `FILE`, as JSON.
 */
import { writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { fetchOnce } from "../support/steady-requests.ts";

export interface SentRequests {
  readonly count: number;
  /** Answers that were not 200, with the time since the start in ms. */
  readonly wrong: readonly string[];
}

const USERS = 6;
const PAUSE_MS = 10;

const [address = "", host = "", file = ""] = process.argv.slice(2);
const target = { address, port: 80, host, isTls: false };
const wrong: string[] = [];
let count = 0;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

async function ask(user: number): Promise<void> {
  const agent = user % 2 === 0 && new Agent({ keepAlive: true, maxSockets: 1 });
  while (!stop.signal.aborted) {
    const answer = await fetchOnce(target, agent);
    count += 1;
    if (!answer.startsWith("200 ")) wrong.push(`${Math.round(performance.now())}: ${answer.slice(0, 100)}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  if (agent) agent.destroy();
}

await Promise.all(Array.from({ length: USERS }, (_, user) => ask(user)));
writeFileSync(file, JSON.stringify({ count, wrong } satisfies SentRequests));
