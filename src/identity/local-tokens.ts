/**
 * Tokens of workloads where no API server makes any: signed with a key of this machine, and otherwise what a pod's projected token is,
 * bound to one workload of one ServiceAccount and ending soon. Who has the key's file can be anybody.
 *
 * https://www.rfc-editor.org/rfc/rfc7519, with HS256, since who signs is who checks
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { PROXY_AUDIENCE } from "./audiences.ts";
import { claimsOf } from "./bearer-token.ts";
import { IdentityError } from "./identity-error.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";
import { EXPIRY_MARGIN_MS, type ServiceAccount, type TokenReviews, type TokenVerdict } from "./token-reviewer.ts";

const KEY_BYTES = 32;
const HEADER = encoded({ alg: "HS256", typ: "JWT" });

/** Makes the key's file if there is none. Rejects with `badAuthority` where it holds no such key. */
export async function openLocalTokens(file: string, clock: () => Date = () => new Date()): Promise<LocalTokens> {
  const stored = await readPrivateFile(file);
  const key = stored === undefined ? randomBytes(KEY_BYTES) : Buffer.from(stored.trim(), "base64url");
  if (key.byteLength !== KEY_BYTES)
    throw new IdentityError("badAuthority", `${file} holds no key for tokens. Delete it to have a new one made`);
  if (stored === undefined) await writePrivateFile(file, `${key.toString("base64url")}\n`);
  return new LocalTokens(key, clock);
}

export class LocalTokens implements TokenReviews {
  readonly #key: Buffer;
  readonly #clock: () => Date;

  constructor(key: Buffer, clock: () => Date) {
    this.#key = key;
    this.#clock = clock;
  }

  issue({ namespace, name, workload }: WorkloadOfAccount, lifeMs: number): string {
    const claims = {
      aud: [PROXY_AUDIENCE],
      exp: Math.floor((this.#clock().getTime() + lifeMs) / 1_000),
      namespace,
      name,
      workload,
    };
    const signed = `${HEADER}.${encoded(claims)}`;
    return `${signed}.${this.#signatureOf(signed).toString("base64url")}`;
  }

  review(token: string): Promise<TokenVerdict> {
    return Promise.resolve(this.known(token));
  }

  /** Nothing is believed before the signature is. */
  known(token: string): TokenVerdict {
    const claims = claimsOf(token);
    if (!claims) return { kind: "refused", reason: "malformed" };
    if (!this.#isSigned(token)) return { kind: "refused", reason: "unauthenticated" };
    if (claims.expiresAt - EXPIRY_MARGIN_MS <= this.#clock().getTime()) return { kind: "refused", reason: "expired" };
    if (!claims.audiences.includes(PROXY_AUDIENCE)) return { kind: "refused", reason: "wrongAudience" };
    const { namespace, name, workload } = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
    ) as WorkloadOfAccount;
    const account: ServiceAccount = { namespace, name, pod: workload, expiresAt: claims.expiresAt };
    return { kind: "account", account };
  }

  #isSigned(token: string): boolean {
    const end = token.lastIndexOf(".");
    const signature = Buffer.from(token.slice(end + 1), "base64url");
    const expected = this.#signatureOf(token.slice(0, end));
    return signature.byteLength === expected.byteLength && timingSafeEqual(signature, expected);
  }

  #signatureOf(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }
}

export interface WorkloadOfAccount {
  readonly namespace: string;
  /** The ServiceAccount's. */
  readonly name: string;
  readonly workload: string;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
