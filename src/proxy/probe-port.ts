/**
 * Finds out whether an address can be listened on, by listening on it for a moment without sharing (no SO_REUSEPORT). That
 * fails also when all who listen there share the port, which is how another Envoy's UDP port is noticed: with sharing,
 * both would get some of the packets and nobody an error (docs/decisions/envoy-ports.md).
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { portProblemOfCode } from "./bind-failure.ts";
import type { PortProblem } from "./bind-failure.ts";
import { systemCodeOf } from "./run-program.ts";

export interface ProbedPort {
  readonly transport: "tcp" | "udp";
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

/**
 * Ask only about ports that the own Envoy does not hold: those are "taken" too. The answer is of the moment. Rejects when the
 * system gives an error that is none of the address.
 */
export async function probePort(probed: ProbedPort): Promise<"free" | PortProblem> {
  try {
    await (probed.transport === "tcp" ? listenOnce(probed) : bindOnce(probed));
    return "free";
  } catch (error) {
    const problem = portProblemOfCode(systemCodeOf(error));
    if (problem === undefined) throw error;
    return problem;
  }
}

function listenOnce({ address, port }: ProbedPort): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer((connection) => connection.destroy());
  server.once("error", reject);
  server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve()));
  return promise;
}

function bindOnce({ address, port }: ProbedPort): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.once("error", (error) => socket.close(() => reject(error)));
  socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve()));
  return promise;
}
