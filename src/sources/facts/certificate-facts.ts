/**
 * What is in certificates: facts that translation, which has no cryptography, needs about Secrets and ConfigMaps. Pure but
 * for the parsing; nothing here looks at the clock, so an expired certificate is still a certificate, with its end told.
 *
 * https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Collection, Graph } from "../../collections/index.ts";
import {
  type ClusterTrustBundle,
  type ConfigMap,
  objectKeyOf,
  type ObjectKey,
  type Secret,
} from "../../resources/index.ts";

export interface CertificateFact {
  /** The Secret's object key. */
  readonly key: ObjectKey;
  /** Why it is no certificate that can be served; in words that can follow the Secret's name. */
  readonly problem?: string;
  /** RFC 3339: when the first certificate of the chain ends. */
  readonly notAfter?: string;
  readonly notBefore?: string;
  /** Names that the certificate is for, lower case. */
  readonly dnsNames: readonly string[];
}

export interface TrustFact {
  /** The object key of the ConfigMap or ClusterTrustBundle. */
  readonly key: ObjectKey;
  /** PEM of all certificates in `ca.crt`, or of the bundle. */
  readonly certificates?: string;
  readonly problem?: string;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

export function deriveCertificateFacts(graph: Graph, secrets: Collection<Secret>): Collection<CertificateFact> {
  return graph.derive({
    name: "sources/CertificateFacts",
    key: (fact: CertificateFact) => fact.key,
    from: secrets,
    map: (secret) => [certificateFactOf(secret)],
  });
}

export function deriveTrustFacts(
  graph: Graph,
  from: { readonly configMaps: Collection<ConfigMap>; readonly clusterTrustBundles: Collection<ClusterTrustBundle> },
): Collection<TrustFact> {
  const shape = { key: (fact: TrustFact) => fact.key };
  const ofConfigMaps = graph.derive({
    ...shape,
    name: "sources/TrustFactsOfConfigMaps",
    from: from.configMaps,
    map: (configMap) => [trustFactOf(configMap)],
  });
  const ofBundles = graph.derive({
    ...shape,
    name: "sources/TrustFactsOfBundles",
    from: from.clusterTrustBundles,
    map: (bundle) => [trustFactOfBundle(bundle)],
  });
  return graph.union<TrustFact>({ name: "sources/TrustFacts", of: [ofConfigMaps, ofBundles] });
}

export function certificateFactOf(secret: Secret): CertificateFact {
  const key = objectKeyOf(secret);
  try {
    const chain = certificatesIn(decoded(secret, "tls.crt"));
    const [first] = chain;
    if (first === undefined) throw new Error("its tls.crt holds no PEM certificate");
    const broken = chain.findIndex((pem) => !isReadable(pem));
    if (broken !== -1) throw new Error(`its tls.crt has a certificate ${broken + 1} that cannot be read`);
    const certificate = new X509Certificate(first);
    const weakness = weaknessOf(certificate.publicKey);
    if (weakness !== undefined) throw new Error(`its certificate has ${weakness}, which is not served`);
    if (!certificate.checkPrivateKey(createPrivateKey(decoded(secret, "tls.key")))) {
      throw new Error("its tls.key is not the key of the first certificate in its tls.crt");
    }
    return {
      key,
      dnsNames: dnsNamesOf(certificate),
      notAfter: certificate.validToDate.toISOString(),
      notBefore: certificate.validFromDate.toISOString(),
    };
  } catch (error) {
    return { key, dnsNames: [], problem: secretProblem(secret, error) };
  }
}

export function trustFactOf(configMap: ConfigMap): TrustFact {
  const key = objectKeyOf(configMap);
  const text = configMap.data?.["ca.crt"];
  if (text === undefined || text.trim() === "") return { key, problem: "has no ca.crt" };
  return authoritiesIn(key, text, "ca.crt");
}

const trustFactOfBundle = (bundle: ClusterTrustBundle): TrustFact =>
  authoritiesIn(objectKeyOf(bundle), bundle.spec.trustBundle, "trustBundle");

function authoritiesIn(key: ObjectKey, text: string, field: string): TrustFact {
  const certificates = certificatesIn(text);
  if (certificates.length === 0) return { key, problem: `has no PEM certificate in its ${field}` };
  const broken = certificates.findIndex((pem) => !isReadable(pem));
  if (broken !== -1) return { key, problem: `has a ${field} whose certificate ${broken + 1} cannot be read` };
  return { key, certificates: `${certificates.join("\n")}\n` };
}

function secretProblem(secret: Secret, error: unknown): string {
  if (secret.type !== "kubernetes.io/tls" && secret.data?.["tls.crt"] === undefined) {
    return `is of type ${secret.type} and has no tls.crt; use type kubernetes.io/tls`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith("its ") ? `cannot be used: ${message}` : `cannot be read: ${message}`;
}

function decoded(secret: Secret, name: string): string {
  const value = secret.data?.[name];
  if (value === undefined || value === "") throw new Error(`its ${name} is missing`);
  return Buffer.from(value, "base64").toString("utf8");
}

/** What Envoy would refuse, and with it the whole listener: only these kinds of keys are served. */
const SERVED_CURVES: readonly (string | undefined)[] = ["prime256v1", "secp384r1", "secp521r1"];
const MIN_RSA_BITS = 2048;

function weaknessOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined {
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    return bits < MIN_RSA_BITS ? `an RSA key of ${bits} bits, less than ${MIN_RSA_BITS}` : undefined;
  }
  if (type === "ec") {
    const curve = details?.namedCurve;
    return SERVED_CURVES.includes(curve) ? undefined : `a key on the curve ${curve}, not P-256, P-384 or P-521`;
  }
  return type === "ed25519" ? undefined : `a key of type ${type}, not RSA, ECDSA or Ed25519`;
}

const certificatesIn = (pem: string): string[] => pem.match(PEM_CERTIFICATE) ?? [];

function isReadable(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function dnsNamesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName
    .split(", ")
    .filter((name) => name.startsWith("DNS:"))
    .map((name) => name.slice("DNS:".length).toLowerCase());
}
