/**
 * The mesh: proxies beside workloads, and the Services that those call. What is the same for several proxies is said once,
 * for an audience: all proxies of the mesh, those of one namespace, or those of one ServiceAccount.
 */
import type { EndpointSetKey, ListenerKey, NamespacedName, ProxyKey } from "./keys.ts";
import type { BackendOrigin } from "./provenance.ts";
import type { Chain } from "./socket.ts";

/** In the place of a Gateway, where the mesh's proxies do what elsewhere a Gateway's do. No namespace has an empty name. */
export const MESH: NamespacedName = { namespace: "", name: "mesh" };

export const isMesh = ({ namespace }: NamespacedName): boolean => namespace === MESH.namespace;

/**
 * A sidecar's proxy: workloads of one ServiceAccount are given the same. A `workload` is named where each has something of its
 * own: then the key without it is an audience.
 */
export const sidecarKey = (namespace: string, account: string, workload?: string): ProxyKey =>
  `mesh/${namespace}/${account}${workload === undefined ? "" : `/${workload}`}` as ProxyKey;

/** Every proxy of the mesh. Gateways' keys have one slash, so that none is an audience. */
export const ALL_SIDECARS: ProxyKey = "mesh//" as ProxyKey;

export const sidecarsOf = (namespace: string): ProxyKey => `mesh/${namespace}/` as ProxyKey;

const IPV6 = "+ipv6";

/**
 * Of an account or an audience, the proxies whose pods have an address of IPv6. The others may be on a node whose kernel has no IPv6: there
 * Envoy refuses whatever names an address of it.
 */
export const havingIPv6 = (key: ProxyKey): ProxyKey =>
  (isAudience(key) ? `${key}${IPV6}/` : `${key}/${IPV6}`) as ProxyKey;

/** The account that the proxy is of, whatever its pods have; a Gateway's is its own. */
export const accountOf = (proxy: ProxyKey): ProxyKey =>
  (proxy.endsWith(`/${IPV6}`) ? proxy.slice(0, -IPV6.length - 1) : proxy) as ProxyKey;

/** Whether it stands for many proxies. */
export const isAudience = (proxy: ProxyKey): boolean => proxy.endsWith("/");

/** Whether it is the proxy of a workload, and not of a Gateway. */
export const isSidecar = (proxy: ProxyKey): boolean => audiencesOf(proxy).length > 1;

/** The audiences that a proxy belongs to, the narrowest first; a Gateway's is the only one of its own. */
export function audiencesOf(proxy: ProxyKey): readonly ProxyKey[] {
  const [, account, namespace, workload] = /^(mesh\/([^/]+)\/[^/]+)(\/[^/]+)?$/.exec(proxy) ?? [];
  if (account === undefined || namespace === undefined) return [proxy];
  const own = workload === undefined ? [] : [proxy];
  const wider = [sidecarsOf(namespace), ALL_SIDECARS];
  const isHavingIPv6 = accountOf(proxy) !== proxy;
  return [
    ...own,
    account as ProxyKey,
    ...wider.flatMap((audience) => (isHavingIPv6 ? [havingIPv6(audience), audience] : [audience])),
  ];
}

/** An audience, or a proxy, of the mesh and the audiences that it is part of, the narrowest first. */
export function widerAudiences(audience: ProxyKey): readonly ProxyKey[] {
  const isOfNamespace = isAudience(audience) && audience !== ALL_SIDECARS;
  return isOfNamespace ? [audience, ALL_SIDECARS] : audiencesOf(audience);
}

/** On pods that have a sidecar: `envoy`. */
export const SIDECAR_LABEL = "trilith.dev/sidecar";

/**
 * Where a sidecar listens in its pod: the kernel redirects connections to it. Nobody listens on `proof`: what is asked there is answered by
 * the `pod` port where, and only where, the kernel redirects.
 */
export const SIDECAR_PORTS = { outbound: 15_001, inbound: 15_006, pod: 15_020, proof: 15_022 } as const;

/** Where connections that a sidecar hands to its workload come from: of the loopback, but not what workloads take for themselves. */
export const HANDOVER_ADDRESS = "127.0.0.6";
/**
 * The same over IPv6, which has one loopback address, and that is what workloads trust: connections come from the pod's own address, and have
 * this code point of differentiated services, one of those for local use. https://www.rfc-editor.org/rfc/rfc2474#section-6
 */
export const HANDOVER_CODE_POINT = 43;

/** A port of a Service, as its callers in the mesh reach it: by the addresses of the Service. */
export interface Frontend {
  readonly key: ListenerKey;
  /** A narrower audience's frontend stands in the place of a wider one's. */
  readonly callers: ProxyKey;
  readonly service: BackendOrigin;
  /** At least one. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** At least one. Beside an `http` chain, `tcp` takes what is not HTTP. */
  readonly chains: readonly Chain[];
}

/** What a workload proves itself with to others of the mesh, in PEM: its proxies have it, and nobody else. */
export interface WorkloadCertificate {
  readonly key: ProxyKey;
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** Authorities of the mesh's certificates, in PEM. There is one. */
export interface MeshTrust {
  readonly key: "trust";
  readonly certificates: string;
}

/** `spiffe://<trust domain>/ns/<namespace>/sa/<account>`. https://spiffe.io/docs/latest/spiffe-about/spiffe-concepts/#spiffe-id */
export const spiffeId = (trustDomain: string, namespace: string, account: string): string =>
  `spiffe://${trustDomain}/ns/${namespace}/sa/${account}`;

/** The identities of those endpoints of a set that are in the mesh: what callers accept of them. Sorted. */
export interface EndpointIdentities {
  readonly key: EndpointSetKey;
  readonly identities: readonly string[];
}
