/**
 * X.509 as far as the control plane makes it: authorities that sign, and certificates of servers and workloads that they sign. ECDSA
 * on P-256 everywhere, which every Envoy verifies. Nothing is kept here; everything goes in and out as PEM.
 */
// @peculiar/x509 does not load without it.
// oxlint-disable-next-line import/no-unassigned-import
import "reflect-metadata";
import { type KeyObject, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import {
  type Authority,
  bundleOf,
  firstCertificateOf,
  isSelfSigned,
  type KeyPair,
  type Lifetime,
  privateKeyOf,
  withNewline,
} from "./certificate-chains.ts";
import { IdentityError } from "./identity-error.ts";

/** Clocks of machines differ: a certificate is good from a while ago. */
const BACKDATE_MS = 3_600_000;

export const livesFrom = (now: Date, lifeMs: number): Lifetime => ({
  notBefore: new Date(now.getTime() - BACKDATE_MS),
  notAfter: new Date(now.getTime() + lifeMs),
});

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A root of its own for each call: two are told apart by their keys, so their names may be equal. */
export async function createRoot(commonName: string, lifetime: Lifetime): Promise<Authority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: ALGORITHM,
    ...lifetime,
    extensions: [
      // It signs intermediate authorities, which sign no further ones.
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certificate = pemOf(root);
  return { certificate, key: await pemOfKey(keys.privateKey), roots: certificate };
}

/**
 * An authority that signs servers and workloads for another one, and no further authorities. It ends with that one at the latest. Rejects
 * with `badAuthority` where that cannot sign; whether it may, `maySignAuthorities` says.
 */
export async function createIntermediate(authority: KeyPair, commonName: string, lifetime: Lifetime): Promise<KeyPair> {
  return await issue(authority, lifetime, {
    subject: [{ CN: [commonName] }],
    extensionsOf: async (publicKey) => [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
}

/** Whether what further authorities that it signs have signed is accepted by whoever trusts it (RFC 5280, 4.2.1.9). */
export function maySignAuthorities(certificate: string): boolean {
  const { ca, pathLength } =
    new x509.X509Certificate(firstCertificateOf(certificate).raw).getExtension(x509.BasicConstraintsExtension) ?? {};
  return ca === true && (pathLength === undefined || pathLength > 0);
}

/**
 * A certificate for a server by these DNS names, the first of which is its common name. It ends with its authority at the
 * latest. Rejects with `badAuthority` where the authority cannot sign.
 */
export async function issueServerCertificate(
  authority: KeyPair,
  names: readonly string[],
  lifetime: Lifetime,
): Promise<KeyPair> {
  return await issue(authority, lifetime, {
    subject: [{ CN: [(names[0] ?? "").slice(0, LONGEST_COMMON_NAME)] }],
    extensionsOf: () => [
      ...noAuthority,
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
    ],
  });
}

/**
 * A certificate for a workload, which is a client of some and a server of others, by its SPIFFE ID and no other name. It ends
 * with its authority at the latest. Rejects with `badAuthority` where the authority cannot sign.
 *
 * https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md
 */
export async function issueWorkloadCertificate(
  authority: KeyPair,
  spiffeId: string,
  lifetime: Lifetime,
): Promise<KeyPair> {
  return await issue(authority, lifetime, {
    subject: [],
    extensionsOf: () => [
      ...noAuthority,
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      // The only name there is.
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: spiffeId }], true),
    ],
  });
}

const noAuthority: readonly x509.Extension[] = [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
];

interface Holder {
  readonly subject: x509.JsonName;
  readonly extensionsOf: (key: x509.PublicKey) => readonly x509.Extension[] | Promise<readonly x509.Extension[]>;
}

async function issue(
  authority: KeyPair,
  { notBefore, notAfter }: Lifetime,
  { subject, extensionsOf }: Holder,
): Promise<KeyPair> {
  const issuer = firstCertificateOf(authority.certificate);
  const issuerCertificate = new x509.X509Certificate(issuer.raw);
  const signing = await signingKeyOf(authority.key);
  const keys = await newKeys();
  const end = new Date(Math.min(notAfter.getTime(), issuer.validToDate.getTime()));
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuerCertificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: signing.key,
    signingAlgorithm: signing.algorithm,
    notBefore,
    notAfter: end,
    extensions: [
      ...(await extensionsOf(await x509.PublicKey.create(keys.publicKey))),
      // Two roots of the same name are told apart by it while both are trusted.
      await x509.AuthorityKeyIdentifierExtension.create(issuerCertificate.publicKey),
    ],
  });
  const chain = isSelfSigned(issuer) ? pemOf(certificate) : `${pemOf(certificate)}${bundleOf([authority.certificate])}`;
  return { certificate: chain, key: await pemOfKey(keys.privateKey) };
}

/** RFC 5280, ub-common-name. */
const LONGEST_COMMON_NAME = 64;

interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

/** Keys that came from elsewhere may be of other kinds than ours. */
async function signingKeyOf(pem: string): Promise<SigningKey> {
  const key = privateKeyOf(pem);
  const algorithm = algorithmOf(key);
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  return { key: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]), algorithm };
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

function algorithmOf(key: KeyObject): { readonly name: string; readonly hash: string; readonly namedCurve?: string } {
  const namedCurve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (key.asymmetricKeyType === "ec" && namedCurve !== undefined)
    return { name: "ECDSA", hash: namedCurve === "P-256" ? "SHA-256" : "SHA-384", namedCurve };
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  throw new IdentityError("badAuthority", "its private key is neither RSA nor ECDSA on P-256, P-384 or P-521");
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

const pemOf = (certificate: x509.X509Certificate): string => withNewline(certificate.toString("pem"));

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return withNewline(x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY"));
}
