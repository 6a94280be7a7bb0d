/** A certificate authority for tests: a root, and what it signs for servers and clients. */
// @peculiar/x509 does not load without it.
// oxlint-disable-next-line import/no-unassigned-import
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import type { Certificate } from "./certificate.ts";

export interface IssueOptions {
  /** The subject's common name; no check of a host looks at it. */
  readonly commonName: string;
  /** Of the subject: a group, to an API server. */
  readonly organization?: string;
  /** Subject alternative names: DNS names (also wildcards), IP addresses, and URIs (by their "://"). Default: none. */
  readonly names?: readonly string[];
  /** Default: server. */
  readonly use?: "server" | "client";
  /** Default: from yesterday until tomorrow. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface CertificateAuthority {
  /** The root, in PEM. */
  readonly certificate: string;
  /** The root's private key, in PEM. */
  readonly key: string;
  issue(options: IssueOptions): Promise<Certificate>;
  /** A server's certificate that was good until an hour ago. */
  issueExpired(commonName: string, names: readonly string[]): Promise<Certificate>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const extendedUses = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };

export async function createCertificateAuthority(commonName = "Test Authority"): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 30 * DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (options: IssueOptions): Promise<Certificate> => await sign(root, keys.privateKey, options);
  return {
    certificate: root.toString("pem"),
    key: await pemOfKey(keys.privateKey),
    issue,
    issueExpired: async (name, names) =>
      await issue({
        commonName: name,
        names,
        notBefore: new Date(Date.now() - 2 * DAY_MS),
        notAfter: new Date(Date.now() - HOUR_MS),
      }),
  };
}

async function sign(
  root: x509.X509Certificate,
  rootKey: webcrypto.CryptoKey,
  options: IssueOptions,
): Promise<Certificate> {
  const keys = await newKeys();
  const names = (options.names ?? []).map((value) => ({ type: nameTypeOf(value), value }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject:
      options.organization === undefined
        ? `CN=${options.commonName}`
        : `CN=${options.commonName}, O=${options.organization}`,
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: rootKey,
    signingAlgorithm: algorithm,
    notBefore: options.notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: options.notAfter ?? new Date(Date.now() + DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([extendedUses[options.use ?? "server"]]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await pemOfKey(keys.privateKey) };
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function nameTypeOf(value: string): "dns" | "ip" | "url" {
  if (value.includes("://")) return "url";
  return isIP(value) === 0 ? "dns" : "ip";
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}
