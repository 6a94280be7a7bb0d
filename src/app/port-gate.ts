/**
 * Keeps a UDP listener from the proxy while somebody else has its port. Envoy shares UDP ports with whoever shares them, and
 * then each gets some of the packets and nobody an error, so the port is tried before the listener goes out; for TCP Envoy
 * itself refuses (docs/decisions/envoy-ports.md).
 */
import type { EnvoyRecord } from "../envoy/index.ts";
import { type ProbedPort, probePort } from "../proxy/index.ts";

const RETRY_MS = 2_000;

export interface PortGateEvents {
  /** The listener may go out now. */
  readonly opened: (listener: string) => void;
  /** The listener waits, or no longer does. */
  readonly changed: (listener: string) => void;
}

export class PortGate implements Disposable {
  readonly #events: PortGateEvents;
  readonly #held = new Set<string>();
  readonly #barriers = new Map<string, string>();
  readonly #timers = new Map<string, NodeJS.Timeout | undefined>();

  /** `held`: listeners that the proxy already has, whose ports are therefore its own. */
  constructor(events: PortGateEvents) {
    this.#events = events;
  }

  hold(listeners: Iterable<string>): void {
    for (const listener of listeners) this.#held.add(listener);
  }

  /** Whether the record may go out at once; if not, `opened` is called when it may. */
  admits(record: EnvoyRecord): boolean {
    const port = record.kind === "listener" ? portOfSocket(record.name) : undefined;
    if (port?.transport !== "udp" || this.#held.has(record.name)) return true;
    if (!this.#timers.has(record.name)) void this.#probe(record.name, port);
    return false;
  }

  /** The listener is no longer wanted. */
  release(listener: string): void {
    clearTimeout(this.#timers.get(listener));
    this.#timers.delete(listener);
    this.#barriers.delete(listener);
    this.#held.delete(listener);
  }

  /** Why the listener is kept back; undefined where it is not. */
  barrierOf(listener: string): string | undefined {
    return this.#barriers.get(listener);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #probe(listener: string, port: ProbedPort): Promise<void> {
    this.#timers.set(listener, undefined);
    const found = await probePort(port).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (!this.#timers.has(listener)) return;
    if (found === "free") {
      this.#timers.delete(listener);
      this.#barriers.delete(listener);
      this.#held.add(listener);
      this.#events.opened(listener);
    } else {
      this.#barriers.set(listener, portMessage(port, found));
      this.#timers.set(listener, setTimeout(() => void this.#probe(listener, port), RETRY_MS).unref());
    }
    this.#events.changed(listener);
  }
}

/** `problem` is a PortProblem, or what the system says. */
export function portMessage({ transport, address, port }: ProbedPort, problem: string): string {
  return `${address}:${port}/${transport} cannot be listened on: ${PROBLEMS.get(problem) ?? problem}`;
}

const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ["taken", "another process has it"],
  ["forbidden", "the system forbids it to this user"],
  ["no-such-address", "this machine has no such address"],
]);

/** A socket's key ends in `/<transport>/<address>/<port>`. */
export function portOfSocket(socket: string): ProbedPort | undefined {
  const [, transport, address, port] = /\/(tcp|udp)\/([^/]+)\/(\d+)$/.exec(socket) ?? [];
  if (address === undefined || (transport !== "tcp" && transport !== "udp")) return undefined;
  return { transport, address, port: Number(port) };
}
