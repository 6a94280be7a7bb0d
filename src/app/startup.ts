/** What a replica that starts is still to read, in words for probes and the log. */
import type { Logger } from "pino";
import type { Unread } from "../sources/index.ts";

export class Startup {
  readonly #parts = new Set<() => readonly Unread[]>();

  /** `unread` says at any time what of a part is yet to come. */
  readonly awaits = (unread: () => readonly Unread[]): void => void this.#parts.add(unread);

  get waitsFor(): string {
    return waitingFor([...this.#parts].flatMap((unread) => unread()));
  }
}

const MOST_NAMED = 5;

/** What cannot be read comes first, with why. */
export function waitingFor(unread: readonly Unread[]): string {
  const blocked = unread.flatMap(({ problem }) => problem ?? []);
  const coming = unread.filter(({ problem }) => problem === undefined).map(({ what }) => what);
  const parts = [...blocked, ...(coming.length > 0 ? [`still to come: ${listed(coming)}`] : [])];
  return ["it reads the cluster", ...new Set(parts)].join("; ");
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(", ")} and ${more} more` : names.join(", ");
}

const TELL_EVERY_MS = 10_000;

/** Logs what a start waits for, when that takes long and each time that it is something else then. */
export function logWaiting(startup: Startup, log: Logger): Disposable {
  let told: string | undefined;
  const timer = setInterval(() => {
    const { waitsFor } = startup;
    if (waitsFor !== told) log.warn(`not serving yet: ${waitsFor}`);
    told = waitsFor;
  }, TELL_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
