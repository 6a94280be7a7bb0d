/**
 * What a listener terminates TLS with: its certificates, its options, and how clients must prove themselves. References are
 * looked up here; permission comes before existence, so that nobody learns what is in a foreign namespace.
 *
 * One certificate that can be served is enough to serve; the others are told. A listener whose clients must be validated
 * and cannot be, because no authority is left to trust, serves nobody.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import {
  certificateKey,
  type CertificateKey,
  type ListenerKey,
  type ServerTls,
  type TrustBundle,
} from "../../model/index.ts";
import { gatewayGroup, objectKey, type SecretObjectReference } from "../../resources/index.ts";
import { findingOf } from "../finding.ts";
import type { Finding } from "../finding.ts";
import { type GrantFrom, isGranted } from "../grants.ts";
import { ANY_HOSTNAME } from "../hostname.ts";
import type { CertificateFact } from "../inputs.ts";
import type { FieldProblem, ListenerClaim } from "../listener.ts";
import { type ClientValidationResult, clientValidationOf } from "./client-validation.ts";
import type { TlsSources } from "./tls-sources.ts";
import { hostnameOf } from "./conflicts.ts";
import { isTlsProtocol } from "./protocols.ts";
import { tlsVersionsOf } from "./tls-versions.ts";

export interface ListenerTls {
  readonly key: ListenerKey;
  /** Absent where TLS passes through, and where it cannot be terminated. */
  readonly termination?: ServerTls;
  /** What `termination` trusts clients by. */
  readonly bundle?: TrustBundle;
  /** References that do not resolve, the first of which is the one to show. */
  readonly unresolved: readonly FieldProblem[];
  /** Why the listener is not accepted. */
  readonly refusal?: FieldProblem;
  readonly notices: readonly Finding[];
}

/** One for each listener of protocol HTTPS or TLS. */
export function deriveListenerTls(
  graph: Graph,
  claims: Collection<ListenerClaim>,
  sources: TlsSources,
): Collection<ListenerTls> {
  const { gateways, grants, certificateFacts, trustFacts } = sources;
  return graph.derive({
    name: "translate/ListenerTls",
    key: (tls: ListenerTls) => tls.key,
    from: claims,
    reads: [gateways, grants.of, certificateFacts, trustFacts],
    map: (claim, read) => (isTlsProtocol(claim.spec.protocol) ? [listenerTlsOf(claim, sources, read)] : []),
  });
}

function listenerTlsOf(claim: ListenerClaim, sources: TlsSources, read: Reader): ListenerTls {
  const { key, index, spec } = claim;
  const path = `spec.listeners[${index}].tls`;
  if (spec.tls?.mode === "Passthrough") return { key, unresolved: [], notices: [] };
  const references = spec.tls?.certificateRefs ?? [];
  if (spec.tls === undefined || references.length === 0) {
    const message = `a listener of protocol ${spec.protocol} that terminates TLS needs a certificate in tls.certificateRefs`;
    return { key, unresolved: [], refusal: { reason: "UnsupportedValue", message, path }, notices: [] };
  }
  const certificates = certificatesOf(claim, references, path, sources, read);
  const validation: ClientValidationResult =
    spec.protocol === "HTTPS" ? clientValidationOf(claim, sources, read) : { kind: "none", unresolved: [] };
  const versions = tlsVersionsOf(spec.tls.options ?? {}, path);
  const refusal = validation.kind === "impossible" ? validation.refusal : versions.refusal;
  const unresolved = [...certificates.unresolved, ...validation.unresolved];
  const notices = [...unknownOptions(claim, versions.unknown), ...certificates.notices];
  if (refusal !== undefined || certificates.keys.length === 0) {
    return { key, unresolved, ...(refusal && { refusal }), notices };
  }
  const isValidating = validation.kind === "validated";
  return {
    key,
    termination: {
      certificates: certificates.keys,
      ...(isValidating && { clientValidation: validation.validation }),
      ...versions.bounds,
    },
    ...(isValidating && { bundle: validation.bundle }),
    unresolved,
    notices,
  };
}

interface Certificates {
  readonly keys: readonly CertificateKey[];
  readonly unresolved: readonly FieldProblem[];
  readonly notices: readonly Finding[];
}

function certificatesOf(
  claim: ListenerClaim,
  references: readonly SecretObjectReference[],
  path: string,
  sources: TlsSources,
  read: Reader,
): Certificates {
  const { kind, namespace } = claim.parent;
  const from = { group: gatewayGroup, kind, namespace };
  const keys = new Set<CertificateKey>();
  const unresolved: FieldProblem[] = [];
  const notices: Finding[] = [];
  for (const [index, reference] of references.entries()) {
    const place = `${path}.certificateRefs[${index}]`;
    const found = resolveCertificate(reference, from, sources, read);
    if ("reason" in found) unresolved.push({ ...found, path: place });
    else {
      keys.add(found.key);
      notices.push(...foreignNames(claim, found.fact, found.key, place));
    }
  }
  return { keys: [...keys], unresolved, notices };
}

/** A certificate that is served for names which it is not for: clients will refuse it. */
function foreignNames(claim: ListenerClaim, fact: CertificateFact, name: string, path: string): Finding[] {
  const hostname = hostnameOf(claim);
  if (hostname === ANY_HOSTNAME || fact.dnsNames.length === 0) return [];
  if (fact.dnsNames.some((dnsName) => isForHostname(dnsName, hostname))) return [];
  const message = `the certificate of Secret ${name} is for ${fact.dnsNames.join(", ")}, not for the listener's hostname ${hostname}`;
  return [
    findingOf({
      object: claim.parent.object,
      severity: "warning",
      code: "certificate-for-other-hostname",
      path,
      message,
    }),
  ];
}

/** In a certificate, a wildcard stands for one label (RFC 6125, section 6.4.3). */
function isForHostname(dnsName: string, hostname: string): boolean {
  return dnsName === hostname || (dnsName.startsWith("*.") && hostname.replace(/^[^.]+/, "") === dnsName.slice(1));
}

export type ResolvedCertificate =
  | { readonly key: CertificateKey; readonly fact: CertificateFact }
  | { readonly reason: "RefNotPermitted" | "InvalidCertificateRef"; readonly message: string };

/** Looks up a reference to a certificate of ours. Wrong kinds are told without asking for permission. */
export function resolveCertificate(
  { group, kind, name, namespace: stated }: SecretObjectReference,
  from: GrantFrom,
  { grants, certificateFacts }: Pick<TlsSources, "grants" | "certificateFacts">,
  read: Reader,
): ResolvedCertificate {
  if (group !== "" || kind !== "Secret") {
    const message = `certificates of kind ${kind}${group === "" ? "" : `.${group}`} are not supported; use a Secret`;
    return { reason: "InvalidCertificateRef", message };
  }
  const namespace = stated ?? from.namespace;
  const label = `Secret ${namespace}/${name}`;
  if (!isGranted(read, grants, from, { group, kind, namespace, name })) {
    const message = `no ReferenceGrant in namespace ${namespace} lets a ${from.kind} of namespace ${from.namespace} refer to ${label}`;
    return { reason: "RefNotPermitted", message };
  }
  const fact = read.get(certificateFacts, objectKey({ group, kind, namespace, name }));
  if (fact === undefined) return { reason: "InvalidCertificateRef", message: `${label} does not exist` };
  if (fact.problem !== undefined) return { reason: "InvalidCertificateRef", message: `${label} ${fact.problem}` };
  return { key: certificateKey({ namespace, name }), fact };
}

function unknownOptions({ parent, index }: ListenerClaim, unknown: readonly string[]): Finding[] {
  return unknown.map((option) =>
    findingOf({
      object: parent.object,
      severity: "warning",
      code: "unknown-tls-option",
      path: `spec.listeners[${index}].tls.options["${option}"]`,
      message: `the TLS option ${option} is not known and has no effect`,
      advice: "Trilith knows trilith.dev/tls-min-version and trilith.dev/tls-max-version",
    }),
  );
}
