/**
 * The names by which the model's parts point to each other: branded strings, made only here, readable in logs and in
 * Envoy's own output. A key never contains a hash or a generation, so it is stable while its object lives.
 */

/** The Envoy (or group of equal Envoys) that serves a Gateway: "local" standalone, one per Gateway in Kubernetes. */
export type ProxyKey = string & { readonly __key: "Proxy" };
/** One listener of the Gateway API: of a Gateway, or of a ListenerSet attached to it; in the mesh, a port of a Service, or a workload. */
export type ListenerKey = string & { readonly __key: "Listener" };
/** One address, transport and port on which a proxy accepts traffic. */
export type SocketKey = string & { readonly __key: "Socket" };
/** One table of virtual hosts: of all plain-HTTP listeners of a socket, or of one HTTPS listener. */
export type RouteTableKey = string & { readonly __key: "RouteTable" };
/** One host of a route table. */
export type VirtualHostKey = string & { readonly __key: "VirtualHost" };
/** A backend with the way to talk to it: Service port or XBackend, protocol, TLS. */
export type BackendKey = string & { readonly __key: "Backend" };
/** The weighted backends of one rule of a TCPRoute, TLSRoute or UDPRoute, on one Gateway. */
export type StreamBackendKey = string & { readonly __key: "StreamBackend" };
/** The endpoints of one port of a Service, or of an XBackend. */
export type EndpointSetKey = string & { readonly __key: "EndpointSet" };
/** An address and port that workloads connect to: `10.96.0.5:80`, `[fd00::5]:80`. */
export type DestinationKey = string & { readonly __key: "Destination" };
/** A certificate with its private key. */
export type CertificateKey = string & { readonly __key: "Certificate" };
/** A set of trusted certificate authorities. */
export type TrustBundleKey = string & { readonly __key: "TrustBundle" };

export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

export const proxyKey = (name: string): ProxyKey => name as ProxyKey;

/** `parent` is the Gateway or ListenerSet that states the listener. */
export function listenerKey(
  parent: NamespacedName & { readonly kind: "Gateway" | "ListenerSet" },
  section: string,
): ListenerKey {
  return `${parent.kind}/${parent.namespace}/${parent.name}/${section}` as ListenerKey;
}

export function socketKey(proxy: ProxyKey, address: string, transport: "tcp" | "udp", port: number): SocketKey {
  return `${proxy}/${transport}/${address}/${port}` as SocketKey;
}

/**
 * A port of a Service as the mesh's callers reach it: all of them, or only those in one namespace, where that has routes of
 * its own for it. Routes attach to it as they do to a listener.
 */
export const frontendKey = (service: NamespacedName, port: number, callers?: string): ListenerKey =>
  `Service/${service.namespace}/${service.name}/${port}${callers === undefined ? "" : `@${callers}`}` as ListenerKey;

/** All sockets of a workload are reported together. */
export const workloadListenerKey = ({ namespace, name }: NamespacedName): ListenerKey =>
  `Workload/${namespace}/${name}` as ListenerKey;

/** A port of a Service has its listener to itself. */
export const socketKeyOfFrontend = (frontend: ListenerKey): SocketKey => frontend as string as SocketKey;

export const destinationKey = (address: string, port: number): DestinationKey =>
  `${address.includes(":") ? `[${address}]` : address}:${port}` as DestinationKey;

/** `listener` is given for an HTTPS listener, which has a table of its own; plain HTTP shares the socket's. */
export function routeTableKey(socket: SocketKey, listener?: ListenerKey): RouteTableKey {
  return (listener === undefined ? socket : `${socket}/${listener}`) as RouteTableKey;
}

export const virtualHostKey = (table: RouteTableKey, domain: string): VirtualHostKey =>
  `${table}/${domain}` as VirtualHostKey;

export const certificateKey = (secret: NamespacedName): CertificateKey =>
  `${secret.namespace}/${secret.name}` as CertificateKey;

/** A bundle is named by every object it is made of, since a policy may name several ConfigMaps or Secrets. */
export const trustBundleKey = (parts: readonly string[]): TrustBundleKey => parts.join("+") as TrustBundleKey;

export const endpointSetKey = (
  backend: NamespacedName & { readonly kind: "Service" | "XBackend" },
  port: number,
  /** A Service can have one number for a port of each. */
  transport: "tcp" | "udp" = "tcp",
): EndpointSetKey =>
  `${backend.kind}/${backend.namespace}/${backend.name}/${port}${transport === "udp" ? "/udp" : ""}` as EndpointSetKey;
