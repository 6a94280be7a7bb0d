/**
 * The control plane's certificate authority as one replica has it: opens or makes the Secret, looks at it from time to time,
 * does the steps of a rotation when they are due, and holds a server certificate of its own that is never stored and is
 * renewed by itself. Any replica may do a step; no leader is needed.
 *
 * Fails towards what is known: while the API server is away, or the Secret is unusable, the last root goes on signing and the problem is told.
 */
import { systemTimers, type Timers } from "../kubernetes/index.ts";
import {
  createAuthority,
  readAuthority,
  replaceAuthority,
  type SecretLocation,
  type StoredAuthority,
  type WantedAuthority,
} from "./authority-secret.ts";
import { type AuthorityState, nextStep, type RotationTimes, renewalOf, stateTowards } from "./authority-state.ts";
import { type Authority, type KeyPair, lifetimeOf } from "./certificate-chains.ts";
import { type GivenAuthority, readGivenAuthority } from "./given-authority.ts";
import { IdentityError } from "./identity-error.ts";
import { IntermediateAuthority } from "./intermediate-authority.ts";
import { createRoot, issueServerCertificate, issueWorkloadCertificate, livesFrom } from "./issue-certificates.ts";

export interface AuthorityOptions extends SecretLocation {
  /** The Secret of whoever brings an authority. Default: nobody does. */
  readonly givenName?: string;
  /** DNS names of the control plane: see `controlPlaneNames`. */
  readonly serverNames: readonly string[];
  /** What proxies are to trust is another one now. */
  readonly onBundle?: (pem: string) => void;
  /** The server certificate is another one now; connections that are open may stay. */
  readonly onServerCertificate?: (pair: KeyPair) => void;
  /** The Secret could not be read, written or used; it goes on by itself. */
  readonly onProblem?: (error: unknown) => void;
  readonly times?: Partial<AuthorityTimes>;
  readonly clock?: () => Date;
  readonly timers?: Timers;
}

export interface AuthorityTimes extends RotationTimes {
  readonly rootLifeMs: number;
  /** At least twice what a workload's certificate lives. */
  readonly intermediateLifeMs: number;
  readonly serverLifeMs: number;
  /** How often the Secret is looked at. */
  readonly lookMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const defaultAuthorityTimes: AuthorityTimes = {
  rootLifeMs: 3 * 365 * DAY_MS,
  intermediateLifeMs: 7 * DAY_MS,
  serverLifeMs: DAY_MS,
  lookMs: MINUTE_MS,
  introduceMs: HOUR_MS,
  retireMs: 28 * HOUR_MS,
};

/** How often two replicas may be in each other's way before one gives up until the next look. */
const MOST_LOST_RACES = 5;

/** Every name by which a pod of the cluster may call the Service; the first is the one that proxies check. */
export function controlPlaneNames(service: string, namespace: string, clusterDomain = "cluster.local"): string[] {
  const name = `${service}.${namespace}.svc`;
  return [name, `${name}.${clusterDomain}`, `${service}.${namespace}`, service];
}

/** Rejects with an ApiError, or an IdentityError `badAuthority`, where there is no authority to begin with. */
export async function openAuthority(options: AuthorityOptions): Promise<ControlPlaneAuthority> {
  const times = { ...defaultAuthorityTimes, ...options.times };
  const settled = await settle(options, times);
  const server = await issue(options, times, settled.stored.state);
  const authority = new ControlPlaneAuthority(options, times, settled, server);
  authority.start();
  return authority;
}

/** Made by `openAuthority`. */
export class ControlPlaneAuthority implements AsyncDisposable {
  readonly #options: AuthorityOptions;
  readonly #times: AuthorityTimes;
  readonly #timers: Timers;
  readonly #intermediate: IntermediateAuthority;
  #stored: StoredAuthority;
  #problem: Error | undefined;
  #server: KeyPair;
  #next: Disposable | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: AuthorityOptions, times: AuthorityTimes, { stored, problem }: Settled, server: KeyPair) {
    this.#options = options;
    this.#times = times;
    this.#timers = options.timers ?? systemTimers;
    this.#intermediate = new IntermediateAuthority((now) => livesFrom(now, times.intermediateLifeMs));
    this.#stored = stored;
    this.#server = server;
    this.#note(problem);
  }

  /** What proxies and other replicas are to trust, in PEM. */
  get bundle(): string {
    return this.#stored.bundle;
  }

  get serverCertificate(): KeyPair {
    return this.#server;
  }

  /** What was wrong when the Secrets were looked at last; the last authority that was good goes on. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  get step(): AuthorityState["step"] {
    return this.#stored.state.step;
  }

  /** For a workload of the mesh; see `issueWorkloadCertificate`. */
  async issueForWorkload(spiffeId: string, lifeMs: number): Promise<KeyPair> {
    const now = nowOf(this.#options);
    const signer = await this.#intermediate.under(this.#stored.state.present, now);
    return await issueWorkloadCertificate(signer, spiffeId, livesFrom(now, lifeMs));
  }

  start(): void {
    this.#next = this.#timers.after(this.#times.lookMs, () => {
      this.#looking = this.look().finally(() => {
        if (!this.#isClosed) this.start();
      });
    });
  }

  /** Reads the Secret, does what is due, and renews the server certificate. Never rejects. */
  async look(): Promise<void> {
    try {
      const { stored, problem } = await settle(this.#options, this.#times);
      this.#note(problem);
      const wasBundle = this.bundle;
      const wasSigner = this.#stored.state.present.certificate;
      this.#stored = stored;
      if (stored.bundle !== wasBundle) this.#options.onBundle?.(stored.bundle);
      await this.#renew(stored.state.present.certificate !== wasSigner);
    } catch (error) {
      this.#note(error instanceof Error ? error : new Error(String(error)));
      // A certificate that runs out is worse than a Secret that nobody can read at the moment.
      await this.#renew(false).catch((problem: unknown) => this.#options.onProblem?.(problem));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#next?.[Symbol.dispose]();
    await this.#looking;
  }

  #note(problem: Error | undefined): void {
    this.#problem = problem;
    if (problem) this.#options.onProblem?.(problem);
  }

  async #renew(isForced: boolean): Promise<void> {
    const now = nowOf(this.#options).getTime();
    if (!isForced && now < renewalOf(this.#server.certificate)) return;
    // Near the end of a root that nobody rotates, a new certificate would be no better.
    const signerEnds = lifetimeOf(this.#stored.state.present.certificate).notAfter.getTime();
    if (!isForced && lifetimeOf(this.#server.certificate).notAfter.getTime() >= signerEnds) return;
    this.#server = await issue(this.#options, this.#times, this.#stored.state);
    this.#options.onServerCertificate?.(this.#server);
  }
}

interface Settled {
  readonly stored: StoredAuthority;
  /** What is wrong with the authority that somebody brings. */
  readonly problem?: Error | undefined;
}

/** The authority after everything that is due was done, by this replica or another one. */
async function settle(options: AuthorityOptions, times: AuthorityTimes): Promise<Settled> {
  const now = nowOf(options);
  const given = await givenTo(options, now);
  for (let race = 0; race < MOST_LOST_RACES; race += 1) {
    const stored = await readAuthority(options);
    if (stored && !stored.isOurs) return { stored };
    const problem = given.kind === "unusable" ? problemOf(given.problem, stored) : undefined;
    const due = stored ? await dueAuthority(stored, given, now, times) : await firstAuthority(given, now, times);
    if (stored && !due) return { stored, problem };
    const written = due && (stored ? replaceAuthority(options, stored, due) : createAuthority(options, due));
    const settled = await written;
    if (settled) return { stored: settled, problem };
  }
  throw new Error(`the Secret ${options.namespace}/${options.name} changed each time that it was to be written`);
}

function problemOf({ code, message, cause }: IdentityError, stored: StoredAuthority | undefined): IdentityError {
  const instead = stored ? "what signed before goes on" : "an authority of Trilith's own signs until it can be";
  return new IdentityError(code, `${message}. Meanwhile, ${instead}`, cause);
}

async function firstAuthority(given: GivenAuthority, now: Date, times: AuthorityTimes): Promise<WantedAuthority> {
  const present = given.kind === "usable" ? given.authority : await newRoot(now, times);
  return { state: { step: "steady", present }, retireMs: times.retireMs };
}

/**
 * What is to be written now, if anything. How long a root is trusted after it has ceased to sign is that of the longest life that
 * its certificates have had, and begins anew with another root; whoever has them live longer writes that down before the first is made.
 */
async function dueAuthority(
  stored: StoredAuthority,
  given: GivenAuthority,
  now: Date,
  times: AuthorityTimes,
): Promise<WantedAuthority | undefined> {
  const retireMs = Math.max(stored.retireMs, times.retireMs);
  const state = await dueState(stored, given, now, { ...times, retireMs });
  if (state === undefined) return stored.retireMs < retireMs ? { state: stored.state, retireMs } : undefined;
  const isSameRoot = state.present.roots === stored.state.present.roots;
  return { state, retireMs: isSameRoot ? retireMs : times.retireMs };
}

async function givenTo({ client, namespace, givenName }: AuthorityOptions, now: Date): Promise<GivenAuthority> {
  return givenName === undefined
    ? { kind: "none" }
    : await readGivenAuthority({ client, namespace, name: givenName }, now);
}

async function dueState(
  { state, isRotationAsked }: StoredAuthority,
  given: GivenAuthority,
  now: Date,
  times: AuthorityTimes,
): Promise<AuthorityState | undefined> {
  const wanted = given.kind === "usable" ? stateTowards(state, given.authority, now, times) : undefined;
  if (wanted) return wanted;
  const step = nextStep(state, now, times, isRotationAsked);
  if (step === "none") return undefined;
  if (step !== "begin") return step.state;
  // Who brings an authority brings the next one, too.
  if (given.kind !== "none") return undefined;
  return { step: "introducing", present: state.present, next: await newRoot(now, times), since: now };
}

async function newRoot(now: Date, times: AuthorityTimes): Promise<Authority> {
  return await createRoot("Trilith control plane", livesFrom(now, times.rootLifeMs));
}

async function issue(options: AuthorityOptions, times: AuthorityTimes, { present }: AuthorityState): Promise<KeyPair> {
  return await issueServerCertificate(present, options.serverNames, livesFrom(nowOf(options), times.serverLifeMs));
}

const nowOf = ({ clock }: AuthorityOptions): Date => clock?.() ?? new Date();
