/** Envoy resources for people: decoded, with what each was made of and what became of it. */
import { type DescMessage, fromBinary, toJson } from "@bufbuild/protobuf";
import type { EnvoyRecord } from "../envoy/index.ts";
import { ClusterSchema } from "../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "../generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { TypedExtensionConfigSchema } from "../generated/envoy/config/core/v3/extension_pb.ts";
import { ListenerSchema } from "../generated/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "../generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "../generated/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "../generated/envoy/config/route/v3/scoped_route_pb.ts";
import { SecretSchema } from "../generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { extensionRegistry } from "./extension-registry.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

const SCHEMAS: Readonly<Record<EnvoyRecord["kind"], DescMessage>> = {
  listener: ListenerSchema,
  routeScope: ScopedRouteConfigurationSchema,
  routeTable: RouteConfigurationSchema,
  virtualHost: VirtualHostSchema,
  cluster: ClusterSchema,
  endpoints: ClusterLoadAssignmentSchema,
  secret: SecretSchema,
  extension: TypedExtensionConfigSchema,
};

export interface ShownResource {
  readonly kind: EnvoyRecord["kind"];
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly origins: readonly string[];
  /** What became of it in the Envoys that are connected here and get it. */
  readonly delivery: string;
  /** How many those are. */
  readonly proxies: number;
  /** As protobuf's JSON; private keys are left out. */
  readonly resource: unknown;
  /** What proxies at a place have instead. */
  readonly at?: Readonly<Record<string, unknown>>;
}

/** Undefined for a kind that there is not. */
export function describeResources(
  records: Iterable<EnvoyRecord>,
  kind: string | undefined,
  fleet: ProxyFleet,
): readonly ShownResource[] | undefined {
  if (kind !== undefined && !Object.hasOwn(SCHEMAS, kind)) return undefined;
  return [...records]
    .filter((record) => kind === undefined || record.kind === kind)
    .sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1))
    .map((record) => describe(record, fleet));
}

function describe(record: EnvoyRecord, fleet: ProxyFleet): ShownResource {
  const { kind, name, version, bytes, origins } = record;
  const delivery = fleet.deliveryOf(record);
  return {
    kind,
    name,
    version,
    bytes: bytes.byteLength,
    origins,
    delivery: delivery.state === "refused" ? `refused: ${delivery.message}` : delivery.state,
    proxies: fleet.proxiesOf(record).reduce((sum, proxy) => sum + fleet.connectedTo(proxy), 0),
    resource: kind === "secret" ? { name } : contentOf(record),
    ...(record.at && { at: placedContents(record, record.at) }),
  };
}

const placedContents = (record: EnvoyRecord, at: NonNullable<EnvoyRecord["at"]>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(at).map(([place, own]) => [place, contentOf({ ...record, ...own })]));

/** Extensions whose messages Trilith does not know it cannot show; that hides nothing else. */
function contentOf({ kind, name, bytes }: EnvoyRecord): unknown {
  try {
    return toJson(SCHEMAS[kind], fromBinary(SCHEMAS[kind], bytes), { registry: extensionRegistry });
  } catch (error) {
    return { name, unreadable: error instanceof Error ? error.message : String(error) };
  }
}
