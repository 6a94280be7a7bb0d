/** Calls at a steady pace, whatever the answers take: an answer that is late holds no other call back. */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface Pace {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
}

const CONNECTIONS = 4;

/** Milliseconds of each call. Rejects when one fails. */
export async function pacedCalls({ port, perSecond, seconds }: Pace): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const began = performance.now();
  const calls: Promise<number>[] = [];
  for (let call = 0; call < perSecond * seconds; call += 1) {
    const due = began + (call * 1000) / perSecond;
    await delay(Math.max(0, due - performance.now()));
    calls.push(callOnce(port, agent));
  }
  const tookMs = await Promise.all(calls);
  agent.destroy();
  return tookMs;
}

/** From when it is sent: Node's timers are a millisecond late or early, and a call takes less. */
function callOnce(port: number, agent: Agent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const began = performance.now();
  const outgoing = request({ host: "127.0.0.1", port, agent, path: "/" }, (response) => {
    response.on("end", () => {
      if (response.statusCode === 200) resolve(performance.now() - began);
      else reject(new Error(`a call was answered ${response.statusCode}`));
    });
    response.resume();
  });
  outgoing.on("error", reject);
  outgoing.end();
  return promise;
}
