/**
 * A ServiceAccount's token as it comes in a header. What it says of itself is only used to spare the API server a question
 * whose answer is known, and to know when a proven token ends; that it is genuine is for TokenReview to say.
 *
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
import { createHash } from "node:crypto";

/** Longer ones are no tokens of Kubernetes (about 1 KiB). */
const LONGEST_TOKEN = 16_384;

/** The token of `Bearer <token>`; undefined where there is none, or something else. */
export function bearerTokenOf(authorization: string | undefined): string | undefined {
  const token = /^Bearer +(?<token>[\w\-.~+/]+=*)$/i.exec(authorization?.trim() ?? "")?.groups?.token;
  return token === undefined || token.length > LONGEST_TOKEN ? undefined : token;
}

/** What tells tokens apart in memory, where they themselves are not kept. */
export function fingerprintOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

export interface TokenClaims {
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Undefined for what is no JWT, or one that does not end. Nothing of it is proven. */
export function claimsOf(token: string): TokenClaims | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  const claims = parsed(Buffer.from(payload, "base64url").toString());
  if (typeof claims !== "object" || claims === null) return undefined;
  if (!("exp" in claims) || typeof claims.exp !== "number") return undefined;
  const audiences = "aud" in claims ? [claims.aud].flat() : [];
  return {
    audiences: audiences.filter((audience): audience is string => typeof audience === "string"),
    expiresAt: claims.exp * 1_000,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
