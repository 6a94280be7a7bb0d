/**
 * Asks the API server whose token it is, for one audience. What was proven is remembered by the token's fingerprint for a short while,
 * so that proxies that come again cost nothing; so is what was refused. Questions for the same token that come at once are one.
 *
 * Fails closed: what could not be asked is `unavailable`, never somebody.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 */
import { ApiError, type ApiClient, resourcePath } from "../kubernetes/index.ts";
import { claimsOf, fingerprintOf } from "./bearer-token.ts";

/** A ServiceAccount that showed a token of its own. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  /** The pod that the token was made for; absent where it was made by hand. */
  readonly pod?: string;
  /** When the token ends, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

export type TokenVerdict =
  | { readonly kind: "account"; readonly account: ServiceAccount }
  | {
      readonly kind: "refused";
      readonly reason: "malformed" | "expired" | "wrongAudience" | "unauthenticated" | "noAccount";
    }
  | { readonly kind: "unavailable"; readonly error: ApiError };

/** Whoever can say whose token it is. */
export interface TokenReviews {
  /** Never rejects for what a caller does. */
  review(token: string): Promise<TokenVerdict>;
  /** What is known of the token without asking anybody. */
  known(token: string): TokenVerdict | undefined;
}

export interface TokenReviewerOptions {
  readonly client: ApiClient;
  readonly audience: string;
  readonly clock?: () => Date;
}

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly user?: { readonly username?: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  };
}

interface Remembered {
  readonly verdict: TokenVerdict;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A pod that is gone, or an account that was deleted, is let in with its token for so long at most. */
const REMEMBER_ACCOUNT_MS = 5 * 60_000;
const REMEMBER_REFUSAL_MS = 30_000;
/** Of a token's own end, so that nobody is let in with one that is about to end. */
export const EXPIRY_MARGIN_MS = 5_000;
const MOST_REMEMBERED = 10_000;
const REVIEW_TIMEOUT_MS = 10_000;
const USERNAME = /^system:serviceaccount:(?<namespace>[^:]+):(?<name>[^:]+)$/;
const POD_NAME = "authentication.kubernetes.io/pod-name";

export class TokenReviewer implements TokenReviews {
  readonly #options: TokenReviewerOptions;
  readonly #remembered = new Map<string, Remembered>();
  readonly #asked = new Map<string, Promise<TokenVerdict>>();

  constructor(options: TokenReviewerOptions) {
    this.#options = options;
  }

  /** Never rejects for what a caller or the API server does. */
  async review(token: string): Promise<TokenVerdict> {
    const claims = claimsOf(token);
    if (!claims) return { kind: "refused", reason: "malformed" };
    if (claims.expiresAt - EXPIRY_MARGIN_MS <= this.#now()) return { kind: "refused", reason: "expired" };
    if (!claims.audiences.includes(this.#options.audience)) return { kind: "refused", reason: "wrongAudience" };
    const fingerprint = fingerprintOf(token);
    const known = this.known(token);
    if (known) return known;
    const asked = this.#asked.get(fingerprint) ?? this.#ask(token, fingerprint, claims.expiresAt);
    this.#asked.set(fingerprint, asked);
    return await asked;
  }

  /** What is remembered of the token, without asking. */
  known(token: string): TokenVerdict | undefined {
    const known = this.#remembered.get(fingerprintOf(token));
    return known && this.#now() < known.until ? known.verdict : undefined;
  }

  async #ask(token: string, fingerprint: string, expiresAt: number): Promise<TokenVerdict> {
    try {
      const verdict = this.#verdictOf(await this.#send(token), expiresAt);
      this.#remember(fingerprint, verdict, expiresAt);
      return verdict;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { kind: "unavailable", error };
    } finally {
      this.#asked.delete(fingerprint);
    }
  }

  async #send(token: string): Promise<TokenReview> {
    return await this.#options.client.request<TokenReview>({
      method: "POST",
      path: resourcePath({ group: "authentication.k8s.io", version: "v1", plural: "tokenreviews" }),
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token, audiences: [this.#options.audience] },
      },
      timeoutMs: REVIEW_TIMEOUT_MS,
    });
  }

  #verdictOf({ status }: TokenReview, expiresAt: number): TokenVerdict {
    if (!status?.authenticated) return { kind: "refused", reason: "unauthenticated" };
    // A server that knows no audiences leaves them out; it has then not checked ours.
    if (!status.audiences?.includes(this.#options.audience)) return { kind: "refused", reason: "wrongAudience" };
    const { namespace, name } = USERNAME.exec(status.user?.username ?? "")?.groups ?? {};
    if (namespace === undefined || name === undefined) return { kind: "refused", reason: "noAccount" };
    const pod = status.user?.extra?.[POD_NAME]?.[0];
    return { kind: "account", account: { namespace, name, expiresAt, ...(pod !== undefined && { pod }) } };
  }

  #remember(fingerprint: string, verdict: TokenVerdict, expiresAt: number): void {
    const now = this.#now();
    const until =
      verdict.kind === "account"
        ? Math.min(now + REMEMBER_ACCOUNT_MS, expiresAt - EXPIRY_MARGIN_MS)
        : now + REMEMBER_REFUSAL_MS;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#forgetSome(now);
    this.#remembered.set(fingerprint, { verdict, until });
  }

  /** Those that are over; where there are none, the oldest. */
  #forgetSome(now: number): void {
    for (const [fingerprint, { until }] of this.#remembered) if (until <= now) this.#remembered.delete(fingerprint);
    for (const fingerprint of this.#remembered.keys()) {
      if (this.#remembered.size < MOST_REMEMBERED) break;
      this.#remembered.delete(fingerprint);
    }
  }

  #now(): number {
    return (this.#options.clock?.() ?? new Date()).getTime();
  }
}
