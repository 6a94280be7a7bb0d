/**
 * Resolves a reference to a backend: a Service port, or an XBackend. The permission is asked before existence, so that
 * nobody learns what exists in a namespace that has not granted it.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference
 */
import {
  type BackendPolicy,
  type BackendTls,
  type CertificateKey,
  type Decisions,
  endpointSetKey,
  type TrustBundle,
} from "../../model/index.ts";
import type { BackendObjectReference, Service, ServicePort, XBackend } from "../../resources/index.ts";
import { isSticky } from "./client-affinity.ts";
import { askedByHostname } from "../backend-policies/backend-policy-result.ts";
import type { TrafficSettings } from "../traffic-policies/traffic-result.ts";
import type { Resolution } from "./resolution.ts";
import { servicePortOf } from "./service-port.ts";
import { protocolOfAppProtocol, protocolOfXBackend } from "./service-protocol.ts";
import type { XBackendResult } from "./x-backend-result.ts";

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
  /** What the policy in force says about traffic to it. */
  traffic(kind: "Service" | "XBackend", namespace: string, name: string): TrafficSettings;
  /** Whether calls are those of workloads, which a Service may ask to be kept to one endpoint each. */
  readonly followsAffinity: boolean;
  /** What the policy in force for it asks for. `port` is the name of a Service's port. */
  policy(kind: "Service" | "XBackend", namespace: string, name: string, port?: string): BackendPolicy | undefined;
  /** What policies decide about who may send to it, and what; undefined where none is about it. */
  access(namespace: string, name: string): Decisions | undefined;
  xBackendResult(xBackend: XBackend): XBackendResult;
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
  const servicePort = servicePortOf(service.spec, port, look.transport);
  if (port === undefined || servicePort === undefined)
    return noSuchPort(`Service ${namespace}/${name}`, service, port, look);
  const origin = { kind: "Service", namespace, name, port } as const;
  // Nobody speaks TLS over datagrams here.
  const policy = look.transport === "UDP" ? undefined : look.tlsPolicy(namespace, name, servicePort);
  if (policy !== undefined && policy.tls === undefined) {
    return {
      kind: "unusable",
      origin,
      message: `BackendTLSPolicy ${policy.name} is invalid, so Service ${namespace}/${name} cannot be spoken to`,
    };
  }
  const { appProtocol } = servicePort;
  const wishes = look.transport === "UDP" ? undefined : look.policy("Service", namespace, name, servicePort.name);
  const protocol = protocolOfAppProtocol(appProtocol);
  return {
    kind: "resolved",
    origin,
    endpoints: endpointSetKey(origin, port, look.transport === "UDP" ? "udp" : "tcp"),
    ...(protocol !== undefined && { protocol }),
    ...(protocol === undefined && appProtocol !== undefined && { unknownProtocol: appProtocol }),
    ...withTls(policy, look.clientCertificate),
    traffic: look.traffic("Service", namespace, name),
    ...(wishes && { policy: wishes }),
    ...(look.followsAffinity && isSticky(service.spec, wishes) && { isSticky: true }),
  };
}

function noSuchPort(
  label: string,
  { spec: { ports = [] } }: Pick<Service, "spec">,
  port: number | undefined,
  { transport }: BackendLookup,
): Resolution {
  const other = ports.find((candidate) => candidate.port === port);
  if (other === undefined) {
    const has = ports.length === 0 ? "none" : ports.map((candidate) => candidate.port).join(", ");
    return notFound(`${label} has no port ${port ?? "(none stated)"}; it has ${has}`);
  }
  const message = `port ${port} of ${label} is ${other.protocol}, and the route needs ${transport}`;
  return { kind: "unresolved", reason: "UnsupportedProtocol", message };
}

function resolveXBackend(namespace: string, name: string, look: BackendLookup): Resolution {
  const backend = look.xBackend(namespace, name);
  if (backend === undefined) return notFound(`XBackend ${namespace}/${name} does not exist`);
  const { port } = backend.spec;
  const origin = { kind: "XBackend", namespace, name, port: port.number } as const;
  if (look.transport === "UDP") {
    const message = `XBackend ${namespace}/${name} is reached by TCP, and the route needs UDP`;
    return { kind: "unresolved", reason: "UnsupportedProtocol", message };
  }
  const { accepted, tls, bundle } = look.xBackendResult(backend);
  if (accepted.status === "False")
    return { kind: "unusable", origin, message: `XBackend ${namespace}/${name} cannot be used: ${accepted.message}` };
  const protocol = protocolOfXBackend(backend.spec);
  const sessionPersistence = "sessionPersistence" in backend.spec ? backend.spec.sessionPersistence : undefined;
  const policy = tls && { name: `${namespace}/${name}`, tls, ...(bundle && { bundle }) };
  const stated = look.policy("XBackend", namespace, name);
  const access = look.access(namespace, name);
  const wishes =
    stated && backend.spec.type === "ExternalHostname"
      ? askedByHostname(stated, backend.spec.externalHostname.hostname)
      : stated;
  return {
    kind: "resolved",
    origin,
    endpoints: endpointSetKey(origin, port.number),
    ...(protocol !== undefined && { protocol }),
    // It presents a certificate of its own, and never the Gateway's.
    ...withTls(policy, undefined),
    traffic: {
      ...look.traffic("XBackend", namespace, name),
      // What the backend says of itself comes before a policy's deprecated field.
      ...(sessionPersistence && { sessionPersistence }),
    },
    ...(wishes && { policy: wishes }),
    ...(access && { access }),
  };
}

function withTls(policy: TlsPolicy | undefined, clientCertificate: CertificateKey | undefined): TlsParts {
  if (policy?.tls === undefined) return { tlsName: "" };
  const { name, tls, bundle } = policy;
  const parts = { tlsName: `tls:${name}`, ...(bundle && { bundle }) };
  if (clientCertificate === undefined) return { ...parts, tls };
  return { ...parts, tls: { ...tls, clientCertificate }, tlsName: `tls:${name}/as:${clientCertificate}` };
}

type TlsParts = Pick<Extract<Resolution, { kind: "resolved" }>, "tls" | "bundle" | "tlsName">;

const notFound = (message: string): Resolution => ({ kind: "unresolved", reason: "BackendNotFound", message });
