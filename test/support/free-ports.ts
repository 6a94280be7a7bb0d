/** Ports for servers that cannot bind port 0 themselves. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those that the kernel gives to connections: one of them might have a port before its server does. */
const FIRST = 21_000;
const COUNT = 7_000;

/** Processes begin at different ones, and come back to none for long. */
let tried = randomInt(COUNT);

/** Ports of loopback that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + (tried % COUNT);
    tried += 1;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
