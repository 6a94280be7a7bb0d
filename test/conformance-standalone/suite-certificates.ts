/** The Secrets and ConfigMaps that the official suite makes up when it starts: the same names, with certificates of the tests. */
import type { Certificate } from "../support/certificate.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import type { Manifest } from "./official-manifests.ts";

const infra = "gateway-conformance-infra";
const app = "gateway-conformance-app-backend";
const web = "gateway-conformance-web-backend";

export interface SuiteCertificates {
  readonly manifests: readonly Manifest[];
  /** By the Secret's namespace and name, "a/b". */
  readonly pairs: ReadonlyMap<string, Certificate>;
  /** By the ConfigMap's namespace and name: the authority in PEM. */
  readonly authorities: ReadonlyMap<string, string>;
}

export async function makeSuiteCertificates(): Promise<SuiteCertificates> {
  const pairs = new Map<string, Certificate>();
  const authorities = new Map<string, string>();
  const [serving, clients, portClients, checks, mismatch, webAuthority] = await Promise.all(
    ["serving", "clients", "clients of a port", "checks", "mismatch", "web"].map((name) =>
      createCertificateAuthority(name),
    ),
  );
  if (!serving || !clients || !portClients || !checks || !mismatch || !webAuthority) throw new Error("no authority");
  authorities.set(`${infra}/tls-validity-checks-certificate`, serving.certificate);
  authorities.set(`${infra}/tls-validity-checks-ca-certificate`, clients.certificate);
  authorities.set(`${infra}/tls-validity-checks-per-port-ca-certificate`, portClients.certificate);
  authorities.set(`${infra}/tls-checks-ca-certificate`, checks.certificate);
  authorities.set(`${infra}/mismatch-ca-certificate`, mismatch.certificate);
  authorities.set(`${web}/web-backend-cm`, webAuthority.certificate);
  const servers = [
    [`${web}/certificate`, webAuthority, ["*"]],
    [
      `${infra}/tls-validity-checks-certificate`,
      serving,
      ["*", "*.org", "*.wildcard.org", "example.org", "second-example.org", "unknown-example.org"],
    ],
    [
      `${infra}/tls-checks-certificate`,
      checks,
      ["abc.example.com", "spiffe://abc.example.com/test-identity", "other.example.com"],
    ],
    [`${infra}/tls-passthrough-checks-certificate`, checks, ["abc.example.com"]],
    [`${app}/tls-passthrough-checks-certificate`, checks, ["abc.example.com"]],
    [`${infra}/tls-terminate-checks-certificate`, checks, ["tls.example.com"]],
  ] as const;
  for (const [key, authority, names] of servers) pairs.set(key, await authority.issue({ commonName: "server", names }));
  const ofClients = [
    ["tls-validity-checks-client-certificate", clients],
    ["tls-validity-checks-per-port-client-certificate", portClients],
    ["tls-checks-client-certificate", checks],
  ] as const;
  for (const [name, authority] of ofClients)
    pairs.set(`${infra}/${name}`, await authority.issue({ commonName: name, use: "client" }));
  return { pairs, authorities, manifests: [...secretsOf(pairs), ...configMapsOf(authorities)] };
}

function secretsOf(pairs: ReadonlyMap<string, Certificate>): Manifest[] {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return [...pairs].map(([key, { certificate, key: privateKey }]) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadataOf(key),
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certificate), "tls.key": base64(privateKey) },
  }));
}

function configMapsOf(authorities: ReadonlyMap<string, string>): Manifest[] {
  return [...authorities].map(([key, certificate]) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(key),
    data: { "ca.crt": certificate },
  }));
}

function metadataOf(key: string): Manifest["metadata"] {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
