/**
 * Resolves a reference to a backend: a Service port, or an XBackend. The permission is asked before existence, so that
 * nobody learns what exists in a namespace that has not granted it.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference
 */
import {
  type BackendTls,
  certificateKey,
  type CertificateKey,
  endpointSetKey,
  type TrustBundle,
} from "../../model/index.ts";
import type {
  BackendObjectReference,
  SecretObjectReference,
  Service,
  ServicePort,
  XBackend,
} from "../../resources/index.ts";
import type { ResolvedValidation } from "../backend-tls/policy-result.ts";
import type { Resolution } from "./resolution.ts";
import { protocolOfAppProtocol } from "./service-protocol.ts";

/** What resolution may look at. Each function reads, so that whoever asked is asked again when the answer changes. */
export interface BackendLookup {
  service(namespace: string, name: string): Pick<Service, "spec"> | undefined;
  xBackend(namespace: string, name: string): XBackend | undefined;
  permits(to: {
    readonly group: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
  }): boolean;
  /** The policy in force for a port of a Service. */
  tlsPolicy(namespace: string, service: string, port: ServicePort): TlsPolicy | undefined;
  validation(xBackend: XBackend): ResolvedValidation | undefined;
  /** What the Gateway presents to backends; undefined where it has none. */
  readonly clientCertificate: CertificateKey | undefined;
  readonly transport: "TCP" | "UDP";
}

export interface TlsPolicy {
  /** "namespace/name". */
  readonly name: string;
  /** Absent: the policy is invalid, and no connection may be made. */
  readonly tls?: BackendTls;
  readonly bundle?: TrustBundle;
}

/** `namespace` is the referring route's. */
export function resolveBackend(reference: BackendObjectReference, namespace: string, look: BackendLookup): Resolution {
  const { group, kind, name } = reference;
  const isService = group === "" && kind === "Service";
  const isXBackend = group === "gateway.networking.x-k8s.io" && kind === "XBackend";
  if (!isService && !isXBackend) {
    const what = group === "" ? kind : `${kind}.${group}`;
    return {
      kind: "unresolved",
      reason: "InvalidKind",
      message: `${what} is no kind of backend; use a Service or an XBackend`,
    };
  }
  const target = { group, kind, namespace: reference.namespace ?? namespace, name };
  if (target.namespace !== namespace && (isXBackend || !look.permits(target))) {
    const advice = isXBackend
      ? "an XBackend must be in the route's namespace"
      : `no ReferenceGrant in ${target.namespace} permits it`;
    return {
      kind: "unresolved",
      reason: "RefNotPermitted",
      message: `${kind} ${target.namespace}/${name} may not be referred to from ${namespace}: ${advice}`,
    };
  }
  return isService ? resolveService(reference, target.namespace, look) : resolveXBackend(target.namespace, name, look);
}

function resolveService({ name, port }: BackendObjectReference, namespace: string, look: BackendLookup): Resolution {
  const service = look.service(namespace, name);
  if (service === undefined) return notFound(`Service ${namespace}/${name} does not exist`);
  const samePort = (service.spec.ports ?? []).filter((candidate) => candidate.port === port);
  const servicePort = samePort.find((candidate) => candidate.protocol === look.transport);
  if (port === undefined || servicePort === undefined) {
    const [other] = samePort;
    if (other !== undefined) {
      return {
        kind: "unresolved",
        reason: "UnsupportedProtocol",
        message: `port ${port} of Service ${namespace}/${name} is ${other.protocol}, and the route needs ${look.transport}`,
      };
    }
    const ports = (service.spec.ports ?? []).map((candidate) => candidate.port).join(", ");
    return notFound(
      `Service ${namespace}/${name} has no port ${port ?? "(none stated)"}; it has ${ports === "" ? "none" : ports}`,
    );
  }
  const origin = { kind: "Service", namespace, name, port } as const;
  const policy = look.tlsPolicy(namespace, name, servicePort);
  if (policy !== undefined && policy.tls === undefined) {
    return {
      kind: "unusable",
      origin,
      message: `BackendTLSPolicy ${policy.name} is invalid, so Service ${namespace}/${name} cannot be spoken to`,
    };
  }
  const protocol = protocolOfAppProtocol(servicePort.appProtocol);
  return {
    kind: "resolved",
    origin,
    endpoints: endpointSetKey(origin, port),
    ...(protocol !== undefined && { protocol }),
    ...withTls(policy, look.clientCertificate),
  };
}

function resolveXBackend(namespace: string, name: string, look: BackendLookup): Resolution {
  const backend = look.xBackend(namespace, name);
  if (backend === undefined) return notFound(`XBackend ${namespace}/${name} does not exist`);
  const { protocol, port, tls } = backend.spec;
  const origin = { kind: "XBackend", namespace, name, port: port.number } as const;
  const validation = look.validation(backend);
  const wantsTls = tls.mode !== "None";
  const certificate =
    tls.mode === "ClientAndServer" ? clientCertificateOf(tls.clientCertificateRef, namespace) : undefined;
  if (wantsTls && validation?.tls === undefined) {
    return {
      kind: "unusable",
      origin,
      message: `the TLS settings of XBackend ${namespace}/${name} cannot be carried out: ${validation?.resolvedRefs.message ?? "no validation is stated"}`,
    };
  }
  return {
    kind: "resolved",
    origin,
    endpoints: endpointSetKey(origin, port.number),
    ...(protocol !== undefined && { protocol: X_BACKEND_PROTOCOLS[protocol] ?? (wantsTls ? "auto" : "http") }),
    ...withTls(wantsTls && validation ? { name: `${namespace}/${name}`, ...validation } : undefined, certificate),
  };
}

/** A certificate of another namespace is never taken: an XBackend has no place to say that it was granted. */
const clientCertificateOf = ({ namespace, name }: SecretObjectReference, own: string): CertificateKey | undefined =>
  namespace === undefined || namespace === own ? certificateKey({ namespace: own, name }) : undefined;

const X_BACKEND_PROTOCOLS: Readonly<Record<string, "http" | "h2">> = {
  H2C: "h2",
  HTTP2: "h2",
  GRPC: "h2",
  HTTP11: "http",
  WSS: "http",
};

function withTls(policy: TlsPolicy | undefined, clientCertificate: CertificateKey | undefined): TlsParts {
  if (policy?.tls === undefined) return { tlsName: "" };
  const { name, tls, bundle } = policy;
  const parts = { tlsName: `tls:${name}`, ...(bundle && { bundle }) };
  if (clientCertificate === undefined) return { ...parts, tls };
  return { ...parts, tls: { ...tls, clientCertificate }, tlsName: `tls:${name}/as:${clientCertificate}` };
}

type TlsParts = Pick<Extract<Resolution, { kind: "resolved" }>, "tls" | "bundle" | "tlsName">;

const notFound = (message: string): Resolution => ({ kind: "unresolved", reason: "BackendNotFound", message });
