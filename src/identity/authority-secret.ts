/**
 * The Secret that keeps the authority, as all replicas share it: read, created by whoever is first, and changed under the
 * resource version that was read, so that of two replicas that do the same step one wins and the other reads again.
 *
 *   tls.crt, tls.key    what signs: a root, or an intermediate authority with those that lead from it to a root
 *   root.crt            the roots that this leads to, where it is none itself
 *   next.crt, next.key  what will sign, while it is introduced; next-root.crt likewise
 *   former.crt          the roots of what signed, while they are retired
 *   ca.crt              all that are trusted, for whoever looks
 *
 * A Secret without our label was made by somebody else (say, cert-manager): it is used as it is and never written. Its
 * `ca.crt` is then what proxies trust, and `tls.crt` may be an intermediate authority.
 */
import { ApiError, type ApiClient, resourcePath } from "../kubernetes/index.ts";
import { type AuthorityState, type Former, trustedIn } from "./authority-state.ts";
import { type Authority, bundleOf, checkAuthority, type KeyPair, lifetimeOf } from "./certificate-chains.ts";
import { IdentityError } from "./identity-error.ts";

export interface SecretLocation {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly name: string;
}

export interface StoredAuthority {
  readonly state: AuthorityState;
  /** PEM: what proxies are to trust. */
  readonly bundle: string;
  /** False where somebody else keeps the Secret. */
  readonly isOurs: boolean;
  /**
   * How long the present root is to be trusted after it has ceased to sign, for the longest-lived certificates that any replica has
   * had it sign, also before their life was made shorter.
   */
  readonly retireMs: number;
  /** A person asked for a new root with the annotation. */
  readonly isRotationAsked: boolean;
  readonly resourceVersion: string;
}

/** What is written. */
export type WantedAuthority = Pick<StoredAuthority, "state" | "retireMs">;

export interface Secret {
  readonly apiVersion: "v1";
  readonly kind: "Secret";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

const LABELS = { "app.kubernetes.io/managed-by": "trilith" };
/** `trilith.dev/rotate-root: "now"` on the Secret begins a rotation; it is taken away when that has begun. */
const ROTATE = "trilith.dev/rotate-root";
/** When the present step of a rotation began. */
const SINCE = "trilith.dev/rotation-step-since";
/** Until when roots are trusted that sign no more. */
const UNTIL = "trilith.dev/former-roots-until";
/** `StoredAuthority.retireMs`, in seconds. */
const RETIREMENT = "trilith.dev/root-retirement-seconds";
/** What holds where nothing is written down: earlier versions had it for certificates of a day, which is the default. */
const EARLIER_RETIRE_MS = 28 * 3_600_000;

/** Undefined where there is none. Rejects with an ApiError, or `badAuthority` where the Secret is not usable. */
export async function readAuthority(at: SecretLocation): Promise<StoredAuthority | undefined> {
  try {
    const path = resourcePath({ ...SECRETS, namespace: at.namespace, name: at.name });
    return authorityOf(await at.client.request<Secret>({ method: "GET", path }));
  } catch (error) {
    if (error instanceof ApiError && error.code === "notFound") return undefined;
    throw error;
  }
}

/** Undefined where another replica was first. */
export async function createAuthority(
  at: SecretLocation,
  wanted: WantedAuthority,
): Promise<StoredAuthority | undefined> {
  const path = resourcePath({ ...SECRETS, namespace: at.namespace });
  return await unlessLost(at.client.request<Secret>({ method: "POST", path, body: secretOf(at, wanted) }));
}

/** Undefined where the Secret is not what it was when it was read. */
export async function replaceAuthority(
  at: SecretLocation,
  { resourceVersion }: StoredAuthority,
  wanted: WantedAuthority,
): Promise<StoredAuthority | undefined> {
  const path = resourcePath({ ...SECRETS, namespace: at.namespace, name: at.name });
  const body = secretOf(at, wanted, resourceVersion);
  return await unlessLost(at.client.request<Secret>({ method: "PUT", path, body }));
}

export const SECRETS = { group: "", version: "v1", plural: "secrets" } as const;

async function unlessLost(call: Promise<Secret>): Promise<StoredAuthority | undefined> {
  try {
    return authorityOf(await call);
  } catch (error) {
    const lost = error instanceof ApiError && LOST.has(error.code);
    if (lost) return undefined;
    throw error;
  }
}

const LOST: ReadonlySet<string> = new Set(["alreadyExists", "conflict", "notFound"]);

function authorityOf({ metadata, data = {} }: Secret): StoredAuthority {
  const textOf = (field: string): string | undefined => textIn(data, field);
  const present = authorityIn(textOf, "tls", "root");
  if (!present)
    throw new IdentityError(
      "badAuthority",
      `the Secret ${metadata.namespace}/${metadata.name} has no tls.crt with a tls.key. Delete it to have a new one made`,
    );
  checkIn(metadata, present);
  const isOurs = Object.entries(LABELS).every(([key, value]) => metadata.labels?.[key] === value);
  const state = isOurs ? stateOf(present, textOf, metadata.annotations) : { step: "steady" as const, present };
  const given = isOurs ? undefined : textOf("ca.crt");
  return {
    state,
    bundle: bundleOf(given === undefined ? trustedIn(state) : [given]),
    isOurs,
    retireMs: Number(metadata.annotations?.[RETIREMENT] ?? Number.NaN) * 1_000 || EARLIER_RETIRE_MS,
    isRotationAsked: metadata.annotations?.[ROTATE] !== undefined,
    resourceVersion: metadata.resourceVersion ?? "",
  };
}

/** Undefined where there is nothing. */
export function textIn(data: Secret["data"], field: string): string | undefined {
  const value = data?.[field];
  return value === undefined || value === "" ? undefined : Buffer.from(value, "base64").toString();
}

function stateOf(
  present: Authority,
  textOf: (field: string) => string | undefined,
  annotations: Secret["metadata"]["annotations"],
): AuthorityState {
  const next = authorityIn(textOf, "next", "next-root");
  const roots = textOf("former.crt");
  const since = sinceOf(annotations?.[SINCE], next ?? present);
  const former = roots === undefined ? undefined : { roots, until: untilOf(annotations?.[UNTIL], since) };
  if (next) return { step: "introducing", present, next, ...(former && { former }), since };
  return former === undefined ? { step: "steady", present } : { step: "retiring", present, former, since };
}

/** Earlier versions did not write it down. */
function untilOf(text: string | undefined, since: Date): Former["until"] {
  const stated = new Date(text ?? "");
  return Number.isNaN(stated.getTime()) ? new Date(since.getTime() + EARLIER_RETIRE_MS) : stated;
}

/** Somebody may have taken the annotation away; the new root was made when the rotation began. */
function sinceOf(text: string | undefined, newRoot: KeyPair): Date {
  const stated = new Date(text ?? "");
  return Number.isNaN(stated.getTime()) ? lifetimeOf(newRoot.certificate).notBefore : stated;
}

function checkIn({ namespace, name }: Secret["metadata"], present: KeyPair): void {
  try {
    checkAuthority(present);
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw new IdentityError(error.code, `the Secret ${namespace}/${name} cannot be used: ${error.message}`, error);
  }
}

function authorityIn(textOf: (field: string) => string | undefined, pair: string, root: string): Authority | undefined {
  const [certificate, key] = [textOf(`${pair}.crt`), textOf(`${pair}.key`)];
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate, key, roots: textOf(`${root}.crt`) ?? certificate };
}

const fieldsOf = ({ certificate, key, roots }: Authority, pair: string, root: string): Record<string, string> => ({
  [`${pair}.crt`]: certificate,
  [`${pair}.key`]: key,
  ...(roots !== certificate && { [`${root}.crt`]: roots }),
});

function secretOf(
  { namespace, name }: Pick<SecretLocation, "namespace" | "name">,
  { state, retireMs }: WantedAuthority,
  resourceVersion?: string,
): Secret {
  const former = state.step === "steady" ? undefined : state.former;
  const texts = {
    ...fieldsOf(state.present, "tls", "root"),
    "ca.crt": bundleOf(trustedIn(state)),
    ...(state.step === "introducing" && fieldsOf(state.next, "next", "next-root")),
    ...(former && { "former.crt": former.roots }),
  };
  const data = Object.entries(texts).map(([field, text]) => [field, Buffer.from(text).toString("base64")] as const);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace,
      labels: LABELS,
      ...(resourceVersion !== undefined && { resourceVersion }),
      annotations: {
        [RETIREMENT]: String(retireMs / 1_000),
        ...(state.step !== "steady" && { [SINCE]: state.since.toISOString() }),
        ...(former && { [UNTIL]: former.until.toISOString() }),
      },
    },
    // Ours has fields that a Secret of type kubernetes.io/tls may have, too, and the type cannot be changed later.
    type: "Opaque",
    data: Object.fromEntries(data),
  };
}
