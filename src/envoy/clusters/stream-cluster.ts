/**
 * A rule of a TCPRoute, TLSRoute or UDPRoute as one cluster. Its weights and targets are in its endpoints, so that neither
 * the listener nor the cluster changes with them, and no connection drains.
 */
import { create } from "@bufbuild/protobuf";
import {
  Cluster_TransportSocketMatchSchema,
  ClusterSchema,
} from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { Cluster_TransportSocketMatch } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { formatOrigin } from "../../model/index.ts";
import type { EndpointSetKey, StreamBackend } from "../../model/index.ts";
import { objectMetadata } from "../object-metadata.ts";
import { recordKey, recordOf } from "../record.ts";
import type { EnvoyRecord } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { clientTls, secretsOfClient } from "../tls/client-tls.ts";
import { MESH_SECRETS, mutualTlsMatches } from "../mesh/mutual-tls.ts";
import { endpointsByName } from "./connection-policy.ts";
import type { CheckedBackend } from "./health-check.ts";
import { balancedBy } from "./load-balancing.ts";
import { targetTlsMatch, targetTlsName } from "./target-tls.ts";

/** `identitiesOf` is about endpoints that are in the mesh; TLS that a policy asks for comes before the mesh's. */
export function streamClusterRecord(
  backend: StreamBackend,
  identitiesOf: (key: EndpointSetKey) => readonly string[],
  settings: EnvoySettings,
  name: string = backend.key,
): EnvoyRecord {
  const { key, origin, policy } = backend;
  const identities = connectionTargetsOf(backend).flatMap(({ tls, endpoints }) =>
    tls || endpoints === undefined ? [] : identitiesOf(endpoints),
  );
  const secrets = [
    ...backend.targets.flatMap(({ tls }) => (tls ? secretsOfClient(tls) : [])),
    ...(identities.length > 0 ? MESH_SECRETS : []),
  ];
  const needs = new Map(secrets.map((secret) => [recordKey(secret), secret]));
  return recordOf(
    {
      kind: "cluster",
      name,
      needs: [{ kind: "endpoints", name: key }, ...needs.values()],
      origins: [formatOrigin(origin)],
    },
    ClusterSchema,
    create(ClusterSchema, {
      ...endpointsByName(key, backend, checkedOf(backend)),
      name,
      ...balancingOf(policy, settings),
      transportSocketMatches: [...tlsMatchesOf(backend, settings), ...mutualTlsMatches(identities, "bytes")],
      metadata: objectMetadata({ route: formatOrigin(origin) }),
    }),
  );
}

/** By itself the only one that keeps exactly to weights. Of the keys of requests, connections have none but their source. */
function balancingOf(policy: StreamBackend["policy"], settings: EnvoySettings): ReturnType<typeof balancedBy> {
  const { loadBalancing = ROUND_ROBIN } = policy ?? {};
  const isForRequests = loadBalancing.kind === "consistentHash" && loadBalancing.key.kind !== "sourceAddress";
  return balancedBy(isForRequests ? ROUND_ROBIN : loadBalancing, settings);
}

const ROUND_ROBIN = { kind: "roundRobin" } as const;

/** A policy comes with one target alone. */
function checkedOf({ origin, targets: [target] }: StreamBackend): CheckedBackend {
  return { origin: target?.origin ?? origin, protocol: "bytes", serverName: target?.tls?.hostname };
}

/** Datagrams are left alone by the mesh. */
const connectionTargetsOf = ({ protocol, targets }: StreamBackend): StreamBackend["targets"] =>
  protocol === "udp" ? [] : targets;

/** One for each way in which targets want TLS; endpoints say which is theirs, and those without TLS match none. */
function tlsMatchesOf({ targets }: StreamBackend, settings: EnvoySettings): Cluster_TransportSocketMatch[] {
  const byName = new Map(targets.flatMap(({ tls }) => (tls ? [[targetTlsName(tls), tls] as const] : [])));
  return [...byName].map(([name, tls]) => {
    const transportSocket = clientTls(tls, [], settings);
    return create(Cluster_TransportSocketMatchSchema, { name, match: targetTlsMatch(name), transportSocket });
  });
}
