/**
 * Who may connect: a proxy to what is its own Gateway's, and a replica of the control plane to another one. The caller is the
 * ServiceAccount that its token proves; what it says of itself may only agree with that.
 *
 * Fails closed. What a caller does wrong is `unauthenticated` or `permissionDenied`; what cannot be found out at the moment is
 * `unavailable`, and the caller comes again.
 */
import type { ApiClient } from "../kubernetes/index.ts";
import { PEER_AUDIENCE, PROXY_AUDIENCE } from "./audiences.ts";
import { bearerTokenOf } from "./bearer-token.ts";
import { FailureLimit } from "./failure-limit.ts";
import { type ServiceAccount, TokenReviewer, type TokenReviews, type TokenVerdict } from "./token-reviewer.ts";

export interface Caller {
  /** The header, as it came. */
  readonly authorization: string | undefined;
  /** What a proxy says of itself. */
  readonly node?: { readonly id: string; readonly cluster: string } | undefined;
  /** The IP address that it comes from. */
  readonly address?: string | undefined;
}

/** Why a caller was turned away: labels of a metric, so there are few. */
export type RefusalReason =
  | "tooManyFailures"
  | "noToken"
  | "unavailable"
  /** A genuine token of an account that no Gateway of ours was given. */
  | "unknownAccount"
  /** It says that it is another Gateway's proxy, or another pod. */
  | "wrongClaim"
  | Extract<TokenVerdict, { kind: "refused" }>["reason"];

export interface Refusal {
  readonly refused: "unauthenticated" | "permissionDenied" | "unavailable" | "resourceExhausted";
  readonly reason: RefusalReason;
  /** For the caller; nothing in it that it does not know. */
  readonly message: string;
}

export interface AdmissionOptions<Identity> {
  /** Who says whose token it is, for the right audience. */
  readonly reviews: TokenReviews;
  /** What the account is to us; undefined: nobody. */
  readonly identityOf: (account: ServiceAccount, caller: Caller) => Identity | undefined;
  /** What the caller says of itself, if that contradicts what it proved. */
  readonly contradictionOf?: (identity: Identity, account: ServiceAccount, caller: Caller) => string | undefined;
  /** For counting and logging. The token is not in it. */
  readonly onRefused?: (refusal: Refusal, caller: Omit<Caller, "authorization">, account?: ServiceAccount) => void;
  readonly clock?: () => Date;
}

export type Admitted<Identity> = { readonly identity: Identity; readonly account: ServiceAccount } | Refusal;

export class Admission<Identity> {
  readonly #options: AdmissionOptions<Identity>;
  readonly #failures: FailureLimit;

  constructor(options: AdmissionOptions<Identity>) {
    this.#options = options;
    this.#failures = new FailureLimit({ clock: options.clock ?? (() => new Date()) });
  }

  /** Never rejects for what a caller or the API server does. */
  async admit(caller: Caller): Promise<Admitted<Identity>> {
    const address = caller.address ?? "";
    // Others may share the address; who has proven itself lately is not made to suffer for them.
    if (this.#failures.isExceededBy(address) && !this.#hasProven(caller))
      return this.#refuse(caller, "resourceExhausted", "tooManyFailures", "too many refused calls from this address");
    const answer = await this.#check(caller);
    if ("refused" in answer && answer.refused !== "unavailable") this.#failures.failed(address);
    return answer;
  }

  #hasProven({ authorization }: Caller): boolean {
    const token = bearerTokenOf(authorization);
    return token !== undefined && this.#options.reviews.known(token)?.kind === "account";
  }

  async #check(caller: Caller): Promise<Admitted<Identity>> {
    const token = bearerTokenOf(caller.authorization);
    if (token === undefined) return this.#refuse(caller, "unauthenticated", "noToken", "no bearer token was shown");
    const verdict = await this.#options.reviews.review(token);
    switch (verdict.kind) {
      case "unavailable":
        return this.#refuse(caller, "unavailable", "unavailable", "the token cannot be checked at the moment");
      case "refused":
        return this.#refuse(caller, "unauthenticated", verdict.reason, MESSAGES[verdict.reason]);
      case "account":
        return this.#identify(caller, verdict.account);
    }
  }

  #identify(caller: Caller, account: ServiceAccount): Admitted<Identity> {
    const identity = this.#options.identityOf(account, caller);
    if (identity === undefined) {
      const message = `the ServiceAccount ${account.namespace}/${account.name} is nobody here`;
      return this.#refuse(caller, "permissionDenied", "unknownAccount", message, account);
    }
    const contradiction = this.#options.contradictionOf?.(identity, account, caller);
    if (contradiction !== undefined)
      return this.#refuse(caller, "permissionDenied", "wrongClaim", contradiction, account);
    return { identity, account };
  }

  #refuse(
    { address, node }: Caller,
    refused: Refusal["refused"],
    reason: RefusalReason,
    message: string,
    account?: ServiceAccount,
  ): Refusal {
    const refusal = { refused, reason, message };
    this.#options.onRefused?.(refusal, { address, node }, account);
    return refusal;
  }
}

const MESSAGES = {
  malformed: "the bearer token is no token of a ServiceAccount",
  expired: "the token has expired",
  wrongAudience: "the token is for another audience",
  unauthenticated: "the API server does not accept the token",
  noAccount: "the token is not one of a ServiceAccount",
} as const;

/** Where the API server is asked. */
interface Asking {
  readonly client: ApiClient;
}

export interface ProxyAdmissionOptions<Key extends string> extends Pick<AdmissionOptions<Key>, "clock" | "onRefused"> {
  /** The proxy that the ServiceAccount's token lets its pod be; undefined: none. */
  readonly proxyOf: (account: ServiceAccount) => Key | undefined;
}

/** Lets Envoys in as what their ServiceAccount was made for. `node.cluster` must name that proxy, and `node.id` the token's pod. */
export function proxyAdmission<Key extends string>(options: ProxyAdmissionOptions<Key> & Asking): Admission<Key> {
  const reviews = new TokenReviewer({ ...options, audience: PROXY_AUDIENCE });
  return admissionOfProxies({ ...options, reviews });
}

/** The same for Envoys on this machine, of workloads in the place of pods; `reviews` are for `PROXY_AUDIENCE`. */
export function admissionOfProxies<Key extends string>({
  proxyOf,
  ...options
}: ProxyAdmissionOptions<Key> & Pick<AdmissionOptions<Key>, "reviews">): Admission<Key> {
  return new Admission<Key>({
    ...options,
    identityOf: proxyOf,
    contradictionOf: (proxy, { pod }, { node }) => {
      if (node?.cluster !== proxy) return `the node's cluster is "${node?.cluster ?? ""}", not "${proxy}"`;
      return pod === undefined || pod === node.id
        ? undefined
        : `the node's id is "${node.id}", the token's pod is "${pod}"`;
    },
  });
}

export interface PeerAdmissionOptions extends Pick<AdmissionOptions<true>, "clock" | "onRefused">, Asking {
  /** The control plane's own ServiceAccount. */
  readonly namespace: string;
  readonly name: string;
}

/** Lets replicas of the control plane in, and nobody else. */
export function peerAdmission({ namespace, name, ...options }: PeerAdmissionOptions): Admission<true> {
  return new Admission<true>({
    ...options,
    reviews: new TokenReviewer({ ...options, audience: PEER_AUDIENCE }),
    identityOf: (account) => (account.namespace === namespace && account.name === name ? true : undefined),
  });
}
