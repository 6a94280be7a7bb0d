/**
 * Notices a peer that is gone without a word: pings an HTTP/2 session from time to time and ends it when the answer does not
 * come. Its streams then break, and a proxy that is alive after all comes again.
 */
import type { Http2Session } from "node:http2";

const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 20_000;

/** Watches the session until it closes. */
export function watchLiveness(session: Http2Session): void {
  let deadline: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    if (deadline || session.destroyed || session.closed) return;
    deadline = setTimeout(() => session.destroy(), PING_TIMEOUT_MS);
    session.ping(() => {
      clearTimeout(deadline);
      deadline = undefined;
    });
  }, PING_INTERVAL_MS);
  // A session alone is no reason for the process to stay.
  interval.unref();
  session.once("close", () => {
    clearInterval(interval);
    clearTimeout(deadline);
  });
}
