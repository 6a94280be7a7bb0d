/**
 * Ends streams that have lasted long, so that proxies spread over replicas that came later, and show their token anew. A stream
 * ends as one that is complete, and its connection takes no further one: the proxy comes again at once, over a new connection.
 */

export interface ConnectionAge {
  /** Milliseconds after which a stream ends. */
  readonly maxAgeMs: number;
  /** Up to this share earlier or later, so that proxies that came together do not come again together. */
  readonly jitter: number;
}

/** Well below the hour that a projected token lives: nobody is connected for long with one that has ended. */
export const defaultConnectionAge: ConnectionAge = { maxAgeMs: 30 * 60_000, jitter: 0.2 };

/** `random`: from 0 to 1. */
export function lifeOf({ maxAgeMs, jitter }: ConnectionAge, random: number): number {
  return maxAgeMs * (1 + jitter * (2 * random - 1));
}
