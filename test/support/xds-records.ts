/** Envoy resources made by hand, as small as they can be, for tests of the discovery protocol. */
import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { Any } from "@bufbuild/protobuf/wkt";
import { Cluster_DiscoveryType, ClusterSchema } from "../../src/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { AggregatedConfigSourceSchema, ApiVersion } from "../../src/generated/envoy/config/core/v3/config_source_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../src/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../../src/generated/envoy/config/listener/v3/listener_pb.ts";
import type { FilterChainSchema } from "../../src/generated/envoy/config/listener/v3/listener_components_pb.ts";
import { RouteConfigurationSchema } from "../../src/generated/envoy/config/route/v3/route_pb.ts";
import { VirtualHostSchema } from "../../src/generated/envoy/config/route/v3/route_components_pb.ts";
import { TlsInspectorSchema } from "../../src/generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts";
import { RouterSchema } from "../../src/generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { HttpConnectionManagerSchema } from "../../src/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "../../src/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { SecretSchema } from "../../src/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import type { ResourceId, ResourceKind, ResourceRecord } from "../../src/xds/index.ts";

const ads = {
  resourceApiVersion: ApiVersion.V3,
  configSourceSpecifier: { case: "ads" as const, value: create(AggregatedConfigSourceSchema) },
};

function record<Schema extends DescMessage>(
  kind: ResourceKind,
  name: string,
  schema: Schema,
  message: MessageInitShape<Schema>,
  needs: readonly ResourceId[] = [],
): ResourceRecord {
  const bytes = toBinary(schema, create(schema, message));
  return { kind, name, version: createHash("sha256").update(bytes).digest("hex").slice(0, 16), bytes, needs };
}

function pack<Schema extends DescMessage>(schema: Schema, message?: MessageInitShape<Schema>): Any {
  return anyPack(schema, create(schema, message));
}

function loopback(port: number) {
  return {
    address: {
      case: "socketAddress" as const,
      value: { address: "127.0.0.1", portSpecifier: { case: "portValue" as const, value: port } },
    },
  };
}

export interface ClusterExtras {
  readonly connectTimeoutSeconds?: number;
  /** The backend speaks TLS, and is to be signed by the authority of this secret. */
  readonly authority?: string;
  /** The backend is asked for this path before it is used, and from then on every minute. */
  readonly healthPath?: string;
}

/** A cluster with endpoints by EDS. */
export function cluster(name: string, extras: ClusterExtras = {}): ResourceRecord {
  const { connectTimeoutSeconds = 1, authority, healthPath } = extras;
  const second = { seconds: 5n };
  const made = record(
    "cluster",
    name,
    ClusterSchema,
    {
      name,
      clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
      edsClusterConfig: { edsConfig: ads },
      connectTimeout: { seconds: BigInt(connectTimeoutSeconds) },
      ...(authority ? { transportSocket: upstreamTls(authority) } : {}),
      healthChecks: (healthPath ? [healthPath] : []).map((path) => ({
        timeout: second,
        interval: { seconds: 60n },
        healthyThreshold: 1,
        unhealthyThreshold: 1,
        healthChecker: { case: "httpHealthCheck" as const, value: { path } },
      })),
    },
    [{ kind: "endpoints", name }, ...(authority ? [{ kind: "secret" as const, name: authority }] : [])],
  );
  return healthPath ? { ...made, awaits: "warm" } : made;
}

function upstreamTls(authority: string) {
  const context = pack(UpstreamTlsContextSchema, {
    sni: "backend.test",
    commonTlsContext: {
      validationContextType: {
        case: "validationContextSdsSecretConfig",
        value: { name: authority, sdsConfig: ads },
      },
    },
  });
  return { name: "tls", configType: { case: "typedConfig" as const, value: context } };
}

/** A certificate that backends' certificates are to be signed by, in PEM. */
export function authoritySecret(name: string, certificate: string): ResourceRecord {
  const trustedCa = { specifier: { case: "inlineString" as const, value: certificate } };
  return record("secret", name, SecretSchema, { name, type: { case: "validationContext", value: { trustedCa } } });
}

export function endpoints(name: string, ports: readonly number[]): ResourceRecord {
  return record("endpoints", name, ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [
      {
        lbEndpoints: ports.map((port) => ({
          hostIdentifier: { case: "endpoint" as const, value: { address: loopback(port) } },
        })),
      },
    ],
  });
}

export function routeTable(name: string): ResourceRecord {
  return record("routeTable", name, RouteConfigurationSchema, { name, vhds: { configSource: ads } });
}

/** A virtual host that sends everything to one cluster, or, with no cluster, answers 404 itself. */
export function virtualHost(table: string, domain: string, clusterName?: string): ResourceRecord {
  const match = { pathSpecifier: { case: "prefix" as const, value: "/" } };
  const name = `${table}/${domain}`;
  const action = clusterName
    ? {
        case: "route" as const,
        value: { clusterSpecifier: { case: "cluster" as const, value: clusterName } },
      }
    : { case: "directResponse" as const, value: { status: 404 } };
  const needs = clusterName ? [{ kind: "cluster" as const, name: clusterName }] : [];
  return record(
    "virtualHost",
    name,
    VirtualHostSchema,
    { name, domains: [domain], routes: [{ match, action }] },
    needs,
  );
}

/** A certificate and its key, in PEM. */
export function secret(name: string, certificate: string, key: string): ResourceRecord {
  const inline = (text: string) => ({ specifier: { case: "inlineString" as const, value: text } });
  return record("secret", name, SecretSchema, {
    name,
    type: { case: "tlsCertificate", value: { certificateChain: inline(certificate), privateKey: inline(key) } },
  });
}

export interface TlsChain {
  readonly serverName: string;
  readonly secret: string;
  readonly table: string;
}

export function httpListener(name: string, port: number, table: string): ResourceRecord {
  return record(
    "listener",
    name,
    ListenerSchema,
    { name, address: loopback(port), filterChains: [{ filters: [httpFilter(table)] }] },
    [{ kind: "routeTable", name: table }],
  );
}

/** One listener with a filter chain for every server name. */
export function httpsListener(name: string, port: number, chains: readonly TlsChain[]): ResourceRecord {
  return record(
    "listener",
    name,
    ListenerSchema,
    {
      name,
      address: loopback(port),
      listenerFilters: [
        {
          name: "tls-inspector",
          configType: { case: "typedConfig", value: pack(TlsInspectorSchema) },
        },
      ],
      filterChains: chains.map(tlsFilterChain),
    },
    chains.flatMap((chain) => [
      { kind: "routeTable" as const, name: chain.table },
      { kind: "secret" as const, name: chain.secret },
    ]),
  );
}

function tlsFilterChain(chain: TlsChain): MessageInitShape<typeof FilterChainSchema> {
  const tls = pack(DownstreamTlsContextSchema, {
    commonTlsContext: {
      alpnProtocols: ["http/1.1"],
      tlsCertificateSdsSecretConfigs: [{ name: chain.secret, sdsConfig: ads }],
    },
  });
  return {
    name: chain.serverName,
    filterChainMatch: { serverNames: [chain.serverName] },
    filters: [httpFilter(chain.table)],
    transportSocket: { name: "tls", configType: { case: "typedConfig", value: tls } },
  };
}

function httpFilter(table: string) {
  const manager = pack(HttpConnectionManagerSchema, {
    statPrefix: "http",
    routeSpecifier: { case: "rds", value: { configSource: ads, routeConfigName: table } },
    httpFilters: [{ name: "router", configType: { case: "typedConfig", value: pack(RouterSchema) } }],
  });
  return { name: "http", configType: { case: "typedConfig" as const, value: manager } };
}
