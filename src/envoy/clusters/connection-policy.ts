/**
 * What all clusters have in common: how connections to endpoints are made, bounded and kept. Each choice departs from Envoy's default,
 * or fixes it, for the reason beside it; a backend's owner may have another.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Cluster_DiscoveryType as DiscoveryType } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { ClusterSchema } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { Backend, ConnectionSettings } from "../../model/index.ts";
import { overTheStream } from "../discovery.ts";
import { seconds } from "../duration.ts";
import { durationOf } from "../http/duration-of.ts";
import { circuitBreakersOf } from "./circuit-breakers.ts";
import { type CheckedBackend, healthCheckOf } from "./health-check.ts";
import { outlierDetectionOf } from "./outlier-detection.ts";

/** Two lost SYN packets are made good within it (Linux sends again after 1 and 3 s); beyond, the endpoint is gone. */
const CONNECT_MS = 5_000;
const BUFFER_BYTES = 256 * 1024;
/** A peer that is gone without a word is noticed after two minutes. */
const KEEPALIVE: NonNullable<ConnectionSettings["tcpKeepalive"]> = { timeSeconds: 60, intervalSeconds: 20, probes: 3 };

type ClusterOptions = MessageInitShape<typeof ClusterSchema>;

/** The parts of a cluster whose endpoints come by the given name, as its owner asks for them. */
export function endpointsByName(
  serviceName: string,
  { policy, retryBudget }: Pick<Backend, "policy" | "retryBudget">,
  backend: CheckedBackend,
): ClusterOptions {
  const { timeSeconds, intervalSeconds, probes } = policy?.connection?.tcpKeepalive ?? KEEPALIVE;
  return {
    clusterDiscoveryType: { case: "type", value: DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: overTheStream, serviceName },
    connectTimeout: durationOf(policy?.connection?.connectTimeoutMs ?? CONNECT_MS),
    perConnectionBufferLimitBytes: BUFFER_BYTES,
    circuitBreakers: circuitBreakersOf(policy?.circuitBreaker, retryBudget),
    ...(policy?.outlierDetection && { outlierDetection: outlierDetectionOf(policy.outlierDetection) }),
    ...(policy?.healthCheck && { healthChecks: [healthCheckOf(policy.healthCheck, backend)] }),
    upstreamConnectionOptions: {
      tcpKeepalive: { keepaliveTime: timeSeconds, keepaliveInterval: intervalSeconds, keepaliveProbes: probes },
    },
    // Endpoints that are no longer listed get no new requests at once; requests under way are finished.
    ignoreHealthOnHostRemoval: true,
    commonLbConfig: {
      // Never spread requests over endpoints that are known to be bad while one is well; 1 is the least that Envoy has above never.
      healthyPanicThreshold: { value: policy?.usesAllWhenNoneHealthy ? 1 : 0 },
      // Never wait to apply a change of endpoints.
      updateMergeWindow: seconds(0),
    },
  };
}
