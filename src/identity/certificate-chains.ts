/**
 * X.509 as far as it is read: what a key pair is, whether it may sign, what it leads to, and when it ends. Made by us or by somebody
 * else, everything comes in as PEM.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { IdentityError } from "./identity-error.ts";

/** A certificate, with those that lead from it to a root if there are any, and its key (PKCS #8); both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What signs, with the roots that its certificates lead to. */
export interface Authority extends KeyPair {
  /** PEM. Of a root: itself. */
  readonly roots: string;
}

export interface Lifetime {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Throws `badAuthority`, saying what is wrong, where these cannot sign for servers. */
export function checkAuthority({ certificate, key }: KeyPair): void {
  const parsed = firstCertificateOf(certificate);
  if (!parsed.ca) throw new IdentityError("badAuthority", "its certificate is not one of an authority (CA:TRUE)");
  if (!parsed.checkPrivateKey(privateKeyOf(key)))
    throw new IdentityError("badAuthority", "its private key does not belong to its certificate");
}

/**
 * Whether the first certificate leads to one of the roots, by way of those that follow it. Of a root itself as well; whether any of them
 * has ended is not looked at.
 */
export function leadsTo(chain: string, roots: string): boolean {
  const trusted = certificatesIn(roots);
  const [first, ...others] = certificatesIn(chain);
  for (let current = first; current !== undefined;) {
    const subject = current;
    if (trusted.some((root) => root.raw.equals(subject.raw) || isIssuedBy(subject, root))) return true;
    const next = others.findIndex((other) => isIssuedBy(subject, other));
    current = next === -1 ? undefined : others.splice(next, 1)[0];
  }
  return false;
}

const isIssuedBy = (subject: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);

/** Whether the first certificate of the PEM is its own issuer. */
export const isRoot = (certificate: string): boolean => isSelfSigned(firstCertificateOf(certificate));

/** Throws `badAuthority` for what is none. */
function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).map(firstCertificateOf);
}

/** When the first certificate of the PEM begins and ends. */
export function lifetimeOf(certificate: string): Lifetime {
  const { validFromDate, validToDate } = firstCertificateOf(certificate);
  return { notBefore: validFromDate, notAfter: validToDate };
}

export interface Outdated extends Lifetime {
  /** As its subject has it: `CN=branch`. */
  readonly name: string;
}

/** Those of the PEM that are good at the moment, and those that are not. */
export function atMoment(pem: string, now: Date): { readonly good: string; readonly outdated: readonly Outdated[] } {
  const isGood = ({ validFromDate, validToDate }: X509Certificate): boolean =>
    validFromDate <= now && now < validToDate;
  const all = certificatesIn(pem);
  return {
    good: all.filter(isGood).map(String).join(""),
    outdated: all
      .filter((certificate) => !isGood(certificate))
      .map(({ subject, validFromDate, validToDate }) => ({
        name: subject.replaceAll("\n", ", "),
        notBefore: validFromDate,
        notAfter: validToDate,
      })),
  };
}

/** All of these, each once, in their order. */
export function bundleOf(certificates: readonly string[]): string {
  const blocks = certificates.flatMap((pem) => pem.match(PEM_CERTIFICATE) ?? []);
  return [...new Set(blocks.map((block) => block.replaceAll("\r", "")))].map(withNewline).join("");
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Throws `badAuthority` for what is none. */
export function firstCertificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new IdentityError("badAuthority", "its certificate is no X.509 certificate in PEM", error);
  }
}

/** Throws `badAuthority` for what is none. */
export function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new IdentityError("badAuthority", "its private key is none in PEM", error);
  }
}

export const isSelfSigned = (certificate: X509Certificate): boolean => certificate.checkIssued(certificate);

export const withNewline = (pem: string): string => (pem.endsWith("\n") ? pem : `${pem}\n`);
