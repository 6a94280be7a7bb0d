/**
 * What all clusters have in common: how connections to endpoints are made, bounded and kept. Nothing here comes from a
 * Gateway API resource; each choice departs from Envoy's default, or fixes it, for the reason beside it.
 */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Cluster_DiscoveryType as DiscoveryType } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { ClusterSchema } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { CircuitBreakers_Thresholds_RetryBudgetSchema } from "../../generated/envoy/config/cluster/v3/circuit_breaker_pb.ts";
import type { CircuitBreakers_Thresholds_RetryBudget } from "../../generated/envoy/config/cluster/v3/circuit_breaker_pb.ts";
import type { RetryBudget } from "../../model/index.ts";
import { overTheStream } from "../discovery.ts";
import { seconds } from "../duration.ts";

/** Two lost SYN packets are made good within it (Linux sends again after 1 and 3 s); beyond, the endpoint is gone. */
const CONNECT_SECONDS = 5;
const BUFFER_BYTES = 256 * 1024;
/** The Gateway API bounds neither connections nor requests, so 1,024 of them, Envoy's default, must not be a wall. */
const UNBOUNDED = 2 ** 32 - 1;
/** Retries at the same time per backend and worker: Envoy's 3 starve, and no bound lets them multiply an outage. */
const MAX_RETRIES = 1024;

const budgetOf = ({ percent, minConcurrent }: RetryBudget): CircuitBreakers_Thresholds_RetryBudget =>
  create(CircuitBreakers_Thresholds_RetryBudgetSchema, {
    budgetPercent: { value: percent },
    minRetryConcurrency: minConcurrent,
  });

type ClusterOptions = MessageInitShape<typeof ClusterSchema>;

/** The parts of a cluster whose endpoints come by the given name. */
export function endpointsByName(serviceName: string, retryBudget?: RetryBudget): ClusterOptions {
  return {
    clusterDiscoveryType: { case: "type", value: DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: overTheStream, serviceName },
    connectTimeout: seconds(CONNECT_SECONDS),
    perConnectionBufferLimitBytes: BUFFER_BYTES,
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: UNBOUNDED,
          maxPendingRequests: UNBOUNDED,
          maxRequests: UNBOUNDED,
          maxRetries: MAX_RETRIES,
          ...(retryBudget && { retryBudget: budgetOf(retryBudget) }),
        },
      ],
    },
    // A peer that is gone without a word is noticed after two minutes.
    upstreamConnectionOptions: {
      tcpKeepalive: { keepaliveTime: 60, keepaliveInterval: 20, keepaliveProbes: 3 },
    },
    // Endpoints that are no longer listed get no new requests at once; requests under way are finished.
    ignoreHealthOnHostRemoval: true,
    // Never spread requests over endpoints that are known to be bad, and never wait to apply a change of endpoints.
    commonLbConfig: { healthyPanicThreshold: { value: 0 }, updateMergeWindow: seconds(0) },
  };
}
