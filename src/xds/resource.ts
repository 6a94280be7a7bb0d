/**
 * The contract between whoever makes Envoy resources and this room: a record is one encoded message with its name, the
 * version of its bytes, and what must be ready in the proxy before it may be used. Records are plain data; `envoy` makes
 * the same shape without importing this.
 *
 * An "extension" is the configuration of one filter, which a listener names (ECDS).
 *
 * A "route table" is a RouteConfiguration whose virtual hosts come by VHDS; a virtual host is named
 * "<route table>/<domain>", as Envoy demands. A "route scope" (SRDS) leads some of the requests of listeners to the route table of
 * its own name.
 */

/** The kinds of resources that travel over the stream, in the order in which additions go out. */
export const RESOURCE_KINDS = [
  "cluster",
  "endpoints",
  "secret",
  "extension",
  "routeScope",
  "listener",
  "routeTable",
  "virtualHost",
] as const;

export type ResourceKind = (typeof RESOURCE_KINDS)[number];

export interface ResourceId {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** A message, as it travels. */
export interface ResourceVersion {
  /** Equal bytes, equal version; different bytes, different version. Must not contain "@". */
  readonly version: string;
  /** The encoded message, the value of the Any. Never changed after it was handed over. */
  readonly bytes: Uint8Array;
}

export interface ResourceRecord extends ResourceId, ResourceVersion {
  /** What proxies have in its place that run at a place, by the name of that. All of them need the same. */
  readonly at?: Readonly<Record<string, ResourceVersion>>;
  /**
   * What must be ready first. Of a virtual host: its clusters. Of a listener: clusters, secrets, extensions, route scopes, route
   * tables. Of a cluster: its endpoints, secrets, member clusters, and the listener of the same proxy that it leads to. Of a route table: hosts
   * that come with it.
   */
  readonly needs: readonly ResourceId[];
  /** A cluster that is ready only when the session is told so (active health checks, names to resolve). */
  readonly awaits?: "warm";
}

/** One step of the wanted state. An id is in at most one of the two lists. */
export interface ResourceBatch {
  readonly upserts: readonly ResourceRecord[];
  readonly removals: readonly ResourceId[];
}

const typeUrls: Readonly<Record<ResourceKind, string>> = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
  extension: "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
  routeScope: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routeTable: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  virtualHost: "type.googleapis.com/envoy.config.route.v3.VirtualHost",
};

const kinds: ReadonlyMap<string, ResourceKind> = new Map(RESOURCE_KINDS.map((kind) => [typeUrls[kind], kind]));

/** The type URL under which a kind travels. */
export function typeUrlOf(kind: ResourceKind): string {
  return typeUrls[kind];
}

/** The kind of a type URL, or undefined when the server has no such resources. */
export function kindOf(typeUrl: string): ResourceKind | undefined {
  return kinds.get(typeUrl);
}

/** The route table of a virtual host's name: all before the last slash, as Envoy reads it. */
export function routeTableOf(virtualHost: string): string {
  return virtualHost.slice(0, Math.max(0, virtualHost.lastIndexOf("/")));
}

/** The domain of a virtual host's name. */
export function domainOf(virtualHost: string): string {
  return virtualHost.slice(virtualHost.lastIndexOf("/") + 1);
}

/** A fresh value for every kind. */
export function forEachKind<Value>(make: (kind: ResourceKind) => Value): Record<ResourceKind, Value> {
  return {
    cluster: make("cluster"),
    endpoints: make("endpoints"),
    secret: make("secret"),
    extension: make("extension"),
    routeScope: make("routeScope"),
    listener: make("listener"),
    routeTable: make("routeTable"),
    virtualHost: make("virtualHost"),
  };
}
