/**
 * How clients of an HTTPS listener must prove themselves: `spec.tls.frontend` of the Gateway, by port or else by default.
 * The Gateway refers to the authorities, also for listeners of its ListenerSets.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#frontendtlsvalidation
 */
import type { Reader } from "../../collections/index.ts";
import { type ClientValidation, trustBundleKey, type TrustBundle } from "../../model/index.ts";
import {
  type FrontendTLSConfig,
  type FrontendTLSValidation,
  gatewayGroup,
  type ObjectReference,
} from "../../resources/index.ts";
import { authorityOf, unknownAuthority } from "../authority-reference.ts";
import { isGranted } from "../grants.ts";
import type { FieldProblem, ListenerClaim } from "../listener.ts";
import type { TlsSources } from "./tls-sources.ts";

export type ClientValidationResult =
  | { readonly kind: "none"; readonly unresolved: readonly FieldProblem[] }
  | {
      readonly kind: "validated";
      readonly validation: ClientValidation;
      readonly bundle: TrustBundle;
      readonly unresolved: readonly FieldProblem[];
    }
  /** Clients must be validated, and there is nothing to validate them by: none may come in. */
  | { readonly kind: "impossible"; readonly refusal: FieldProblem; readonly unresolved: readonly FieldProblem[] };

export function clientValidationOf(claim: ListenerClaim, sources: TlsSources, read: Reader): ClientValidationResult {
  const { gateways } = sources;
  const frontend = read.pick(gateways, claim.gatewayObject, (gateway) => gateway?.spec.tls?.frontend);
  const stated = frontend && validationFor(frontend, claim.spec.port);
  if (stated === undefined) return { kind: "none", unresolved: [] };
  const trusted = stated.validation.caCertificateRefs.map((reference, index) =>
    resolveAuthority(reference, `${stated.path}.caCertificateRefs[${index}]`, claim, sources, read),
  );
  const unresolved = trusted.filter((found) => "reason" in found);
  const valid = trusted.filter((found) => "certificates" in found);
  if (valid.length === 0) {
    const message = `no client can be validated: ${unresolved.map((problem) => problem.message).join("; ")}`;
    return { kind: "impossible", refusal: { reason: "NoValidCACertificate", message, path: stated.path }, unresolved };
  }
  const parts = new Map(valid.map(({ part, certificates }) => [part, certificates]));
  const key = trustBundleKey([...parts.keys()]);
  return {
    kind: "validated",
    validation: { trust: key, mode: stated.validation.mode },
    bundle: { key, certificates: [...parts.values()].join("\n") },
    unresolved,
  };
}

function validationFor(
  frontend: FrontendTLSConfig,
  port: number,
): { readonly validation: FrontendTLSValidation; readonly path: string } | undefined {
  const index = (frontend.perPort ?? []).findIndex((config) => config.port === port);
  // A port's own configuration replaces the default, also where it asks for no validation at all.
  const config = index === -1 ? frontend.default : frontend.perPort?.[index]?.tls;
  const path = index === -1 ? "spec.tls.frontend.default" : `spec.tls.frontend.perPort[${index}].tls`;
  return config?.validation && { validation: config.validation, path: `${path}.validation` };
}

type Authority = { readonly part: string; readonly certificates: string } | FieldProblem;

function resolveAuthority(
  reference: ObjectReference,
  path: string,
  claim: ListenerClaim,
  { grants, trustFacts }: TlsSources,
  read: Reader,
): Authority {
  const { group, kind, name } = reference;
  const own = claim.gateway.namespace;
  const authority = authorityOf(reference, own);
  if (authority === undefined) {
    const message = `certificate authorities of kind ${unknownAuthority(reference)}`;
    return { reason: "InvalidCACertificateKind", message, path };
  }
  const { key, label, part, isClusterScoped } = authority;
  const to = { group, kind, namespace: reference.namespace || own, name };
  if (!isClusterScoped && !isGranted(read, grants, { group: gatewayGroup, kind: "Gateway", namespace: own }, to)) {
    const message = `no ReferenceGrant in namespace ${to.namespace} lets a Gateway of namespace ${own} refer to ${label}`;
    return { reason: "RefNotPermitted", message, path };
  }
  const fact = read.get(trustFacts, key);
  if (fact?.certificates !== undefined) return { part, certificates: fact.certificates };
  const message = `${label} ${fact === undefined ? "does not exist" : (fact.problem ?? "has no certificate")}`;
  return { reason: "InvalidCACertificateRef", message, path };
}
