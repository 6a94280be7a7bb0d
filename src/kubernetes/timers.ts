/**
 * Time as whoever waits for something needs it: what passes, and being called later. Given from outside, so that tests
 * can let it stand still and then pass. What date it is, is another question.
 */

export interface Timers {
  /** In milliseconds; never goes back. Where it begins is not defined. */
  now(): number;
  /** Calls once after `ms`, unless it is disposed of before. */
  after(ms: number, call: () => void): Disposable;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
