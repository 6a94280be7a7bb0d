/** Milliseconds since the epoch that never go back. */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}
