/**
 * An authority that somebody brings, in a Secret beside ours, which is read and checked, and never written:
 *
 *   tls.crt  what signs: a root, or an intermediate authority followed by those that lead from it to a root
 *   tls.key  its private key
 *   ca.crt   the roots that proxies are to trust; it may be left out where tls.crt is a root
 *
 * What cannot be used is told, with what is wrong, and changes nothing: what signed before goes on.
 */
import { ApiError, resourcePath } from "../kubernetes/index.ts";
import { type Secret, type SecretLocation, SECRETS, textIn } from "./authority-secret.ts";
import { type Authority, bundleOf, checkAuthority, isRoot, leadsTo, lifetimeOf } from "./certificates.ts";
import { IdentityError } from "./identity-error.ts";

export type GivenAuthority =
  | { readonly kind: "none" }
  | { readonly kind: "usable"; readonly authority: Authority }
  | { readonly kind: "unusable"; readonly problem: IdentityError };

/** Rejects with an ApiError. */
export async function readGivenAuthority(at: SecretLocation, now: Date): Promise<GivenAuthority> {
  try {
    const path = resourcePath({ ...SECRETS, namespace: at.namespace, name: at.name });
    return { kind: "usable", authority: givenIn(await at.client.request<Secret>({ method: "GET", path }), now) };
  } catch (error) {
    if (error instanceof ApiError && error.code === "notFound") return { kind: "none" };
    if (!(error instanceof IdentityError)) throw error;
    const message = `the Secret ${at.namespace}/${at.name} cannot be used, and what signed before goes on: ${error.message}`;
    return { kind: "unusable", problem: new IdentityError(error.code, message, error) };
  }
}

function givenIn({ data }: Secret, now: Date): Authority {
  const [certificate, key, roots] = ["tls.crt", "tls.key", "ca.crt"].map((field) => textIn(data, field));
  if (certificate === undefined || key === undefined) throw unusable("it has no tls.crt with a tls.key");
  checkAuthority({ certificate, key });
  if (roots === undefined && !isRoot(certificate))
    throw unusable("its tls.crt is no root, so it must have the root in ca.crt");
  const authority = { certificate, key, roots: bundleOf([roots ?? certificate]) };
  if (authority.roots === "") throw unusable("its ca.crt holds no certificate in PEM");
  if (!leadsTo(certificate, authority.roots)) throw unusable("its tls.crt does not lead to a root in its ca.crt");
  checkLife(certificate, now);
  return authority;
}

function checkLife(certificate: string, now: Date): void {
  const { notBefore, notAfter } = lifetimeOf(certificate);
  if (now < notBefore) throw unusable(`its tls.crt is good from ${notBefore.toISOString()} on only`);
  if (now >= notAfter) throw unusable(`its tls.crt has expired, at ${notAfter.toISOString()}`);
}

const unusable = (message: string): IdentityError => new IdentityError("badAuthority", message);
