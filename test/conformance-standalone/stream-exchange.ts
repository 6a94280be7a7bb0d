/** Lines and datagrams to a Gateway: which pod answers. */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { expect } from "vitest";
import { portHere } from "./shifted-ports.ts";
import type { OfficialWorld } from "./official-world.ts";

const PATIENCE_MS = 2_000;

/** The pod that answers a line, as "namespace/name". Rejects when the connection is refused or closed without an answer. */
export function podOfLine(address: string, port: number, tls?: ConnectionOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const at = { host: address, port: portHere(port) };
  const connection = tls ? connectTls({ ...at, ...tls }) : connect(at);
  let received = "";
  connection.setEncoding("utf8").setTimeout(PATIENCE_MS, () => connection.destroy(new Error("no answer")));
  connection.once(tls ? "secureConnect" : "connect", () => connection.write("hello\n"));
  connection.on("data", (text: string) => {
    received += text;
    if (!received.endsWith(": hello\n")) return;
    resolve(received.slice(0, received.indexOf(":")));
    connection.destroy();
  });
  connection.on("error", reject);
  connection.on("close", () => reject(new Error("closed without an answer")));
  return promise;
}

/** The same of a datagram, from a port of its own. */
export function podOfDatagram(address: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = createSocket("udp4");
  const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS);
  socket.on("message", (message) => resolve(message.toString().split(":")[0] ?? ""));
  socket.on("error", reject);
  socket.connect(port, address, () => socket.send("hello"));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

/** The pod answers, in the end. */
export async function expectPod(world: OfficialWorld, find: () => Promise<string>, pod: string): Promise<void> {
  await world.eventually(async () => expect(await find()).toBe(pod));
}

/** Nobody answers, in the end. */
export async function expectNoPod(world: OfficialWorld, find: () => Promise<string>): Promise<void> {
  await world.eventually(async () => {
    const pod = await find().catch(() => undefined);
    expect(pod).toBeUndefined();
  });
}

/** How often each pod answered. */
export async function podCounts(find: () => Promise<string>, count: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let sent = 0; sent < count; sent += 10)
    for (const pod of await Promise.all(Array.from({ length: 10 }, find))) counts.set(pod, (counts.get(pod) ?? 0) + 1);
  return counts;
}

/** Within four sigma: one run in sixteen thousand may fail for nothing. */
export function isShareOf(count: number, share: number): (found: number | undefined) => boolean {
  const margin = 4 * Math.sqrt(count * share * (1 - share));
  return (found = 0) => Math.abs(found - count * share) <= margin;
}
