/**
 * An authority that somebody brings, in a Secret beside ours, which is read and checked, and never written:
 *
 *   tls.crt  what signs: a root, or an intermediate authority followed by those that lead from it to a root
 *   tls.key  its private key
 *   ca.crt   the roots that proxies are to trust; it may be left out where tls.crt is a root
 *
 * What cannot be used is told, with what is wrong, and changes nothing: what signed before goes on, and at a first start an authority of
 * ours signs.
 */
import { ApiError, resourcePath } from "../kubernetes/index.ts";
import { type Secret, type SecretLocation, SECRETS, textIn } from "./authority-secret.ts";
import {
  atMoment,
  type Authority,
  bundleOf,
  checkAuthority,
  isRoot,
  leadsTo,
  type Lifetime,
  lifetimeOf,
} from "./certificate-chains.ts";
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
    const message = `the Secret ${at.namespace}/${at.name} cannot be used: ${error.message}`;
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
  checkChain(certificate, authority.roots, now);
  return authority;
}

function checkLife(certificate: string, now: Date): void {
  const { notBefore, notAfter } = lifetimeOf(certificate);
  if (now < notBefore || now >= notAfter) throw unusable(`its tls.crt ${datesOf({ notBefore, notAfter }, now)}`);
}

/** Others accept no certificate whose way to a root has one that has ended. There may be more ways than one. */
function checkChain(chain: string, roots: string, now: Date): void {
  const [certificates, trusted] = [atMoment(chain, now), atMoment(roots, now)];
  if (certificates.good !== "" && leadsTo(certificates.good, trusted.good)) return;
  const names = [...certificates.outdated, ...trusted.outdated].map((one) => `${one.name} ${datesOf(one, now)}`);
  throw unusable(`its tls.crt leads to a root by way of certificates alone that are not good now: ${names.join("; ")}`);
}

const datesOf = ({ notBefore, notAfter }: Lifetime, now: Date): string =>
  now < notBefore ? `is good from ${notBefore.toISOString()} on only` : `has expired, at ${notAfter.toISOString()}`;

const unusable = (message: string): IdentityError => new IdentityError("badAuthority", message);
