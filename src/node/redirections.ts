/**
 * Keeps the pods of a node redirected. A pod is looked at when it is first heard of, and again whenever another sidecar runs in it or its
 * addresses change, since it may then be in a new network namespace; what fails is tried again, later each time. What was applied before
 * this program started is applied again: it may have been another version's.
 *
 *   waiting      it has no addresses or no running sidecar yet, or its namespace is not there or nobody listens in it
 *   redirected   the kernel has taken the rules
 *   failing      it could not be done, for a reason that waiting does not explain, or waiting took too long
 */
import { systemTimers, type Timers, type WatchChange } from "../kubernetes/index.ts";
import { captureRules, Keeper } from "../mesh/index.ts";
import type { RedirectedPod } from "./redirected-pod.ts";
import { RedirectionError, type RedirectionErrorCode } from "./redirection-error.ts";

export interface RedirectionsOptions {
  /** Has the kernel take the rules, in the network namespace that has the addresses. Rejects with a RedirectionError. */
  readonly apply: (addresses: readonly string[], rules: string) => Promise<void>;
  readonly onRedirected: (pod: RedirectedPod) => void;
  /** It begins to fail, or fails for another reason. What only has to wait does not. */
  readonly onFailure: (pod: RedirectedPod, error: RedirectionError) => void;
  readonly timers?: Timers;
}

export type RedirectionState = "waiting" | "redirected" | "failing";

/** A sidecar listens within a second of its start, and its namespace is there before it. */
const LONGEST_WAIT_MS = 10_000;
const WAITED_FOR: ReadonlySet<RedirectionErrorCode> = new Set(["noNamespace", "notListening"]);

export class Redirections implements AsyncDisposable {
  readonly #options: RedirectionsOptions;
  readonly #timers: Timers;
  readonly #keeper: Keeper<RedirectionError>;
  readonly #pods = new Map<string, RedirectedPod>();
  /** Which sidecar, at which addresses, was redirected last. */
  readonly #done = new Map<string, string>();
  readonly #waitingSince = new Map<string, number>();
  /** Why. */
  readonly #failing = new Map<string, string>();

  constructor(options: RedirectionsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#keeper = new Keeper({
      keep: (key) => this.#redirect(key),
      isProblem: (error) => error instanceof RedirectionError,
      onProblem: (key, problem) => this.#take(key, problem),
      firstRetryMs: 100,
      longestRetryMs: 2_000,
      timers: this.#timers,
    });
    this.#keeper.start();
  }

  take(changes: readonly WatchChange<RedirectedPod | undefined>[]): void {
    for (const change of changes) {
      const pod = change.kind === "set" ? change.item : undefined;
      if (pod === undefined) this.#forget(change.name);
      else {
        this.#pods.set(pod.key, pod);
        if (isRunning(pod) && this.#done.get(pod.key) !== placeOf(pod)) this.#keeper.look(pod.key);
      }
    }
  }

  /** How many pods are in each state. */
  counts(): Readonly<Record<RedirectionState, number>> {
    const counts = { waiting: 0, redirected: 0, failing: 0 };
    for (const [key, pod] of this.#pods) {
      const isDone = this.#done.get(key) === placeOf(pod);
      counts[isDone ? "redirected" : this.#failing.has(key) ? "failing" : "waiting"] += 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper.stop();
  }

  async #redirect(key: string): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined || !isRunning(pod)) return;
    if ("problem" in pod.capture) throw new RedirectionError("refused", pod.capture.problem);
    const other = this.#sharerOf(pod);
    if (other) throw new RedirectionError("ambiguous", `${other.key} is said to have its address, too`);
    await this.#options.apply(pod.addresses, captureRules(pod.capture));
    // Of a pod that has changed meanwhile, this is not what is asked for any more.
    if (!this.#pods.has(key)) return;
    this.#done.set(key, placeOf(pod));
    this.#options.onRedirected(pod);
    this.#settle(key);
  }

  #take(key: string, problem: RedirectionError | undefined): void {
    const pod = this.#pods.get(key);
    if (pod === undefined || problem === undefined) return this.#settle(key);
    const now = this.#timers.now();
    const since = this.#waitingSince.get(key) ?? now;
    this.#waitingSince.set(key, since);
    if (WAITED_FOR.has(problem.code) && now - since < LONGEST_WAIT_MS) return;
    if (this.#failing.get(key) === problem.message) return;
    this.#failing.set(key, problem.message);
    this.#options.onFailure(pod, problem);
  }

  /** An address of two pods is still told of one that has lost it: the kubelet will say so. */
  #sharerOf(pod: RedirectedPod): RedirectedPod | undefined {
    return [...this.#pods.values()].find(
      (other) => other.key !== pod.key && other.addresses.some((address) => pod.addresses.includes(address)),
    );
  }

  #forget(key: string): void {
    this.#pods.delete(key);
    this.#done.delete(key);
    this.#settle(key);
  }

  #settle(key: string): void {
    this.#waitingSince.delete(key);
    this.#failing.delete(key);
  }
}

const isRunning = ({ addresses, sidecar }: RedirectedPod): boolean => addresses.length > 0 && sidecar !== undefined;

const placeOf = ({ addresses, sidecar }: RedirectedPod): string => [sidecar, ...addresses].join(" ");
