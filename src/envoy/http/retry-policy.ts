/**
 * Retries and the time of one try. Besides the codes that a rule names, connections that could not be made and requests that a
 * backend did not take are tried again, at another endpoint where there is one.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouteretry
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { HeaderMatcherSchema, RetryPolicySchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { RetryPolicy } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { PreviousHostsPredicateSchema } from "../../generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import type { HttpRule } from "../../model/index.ts";
import { durationOf } from "./duration-of.ts";

/** In an answer of a proxy of the mesh: it could not reach the workload beside it. It is taken off before others see it. */
export const UNREACHED_HEADER = "x-trilith-unreached";

/** How often another endpoint is looked for before one that has failed is taken again. */
const HOST_SELECTION_ATTEMPTS = 5n;

export function retryPolicyOf({ retry, backendRequestTimeoutMs = 0, grpc }: HttpRule): RetryPolicy | undefined {
  const perTryTimeout = backendRequestTimeoutMs > 0 ? { perTryTimeout: durationOf(backendRequestTimeoutMs) } : {};
  if (retry === undefined || retry.attempts === 0) {
    return backendRequestTimeoutMs > 0 ? create(RetryPolicySchema, { ...perTryTimeout, numRetries: 0 }) : undefined;
  }
  const retryOn = ["connect-failure", "refused-stream", "reset-before-request", "retriable-headers"];
  if (grpc) retryOn.push("unavailable");
  if (retry.codes.length > 0) retryOn.push("retriable-status-codes");
  return create(RetryPolicySchema, {
    retryOn: retryOn.join(","),
    numRetries: retry.attempts,
    retriableStatusCodes: [...retry.codes],
    retriableHeaders: [unreached],
    retryHostPredicate: [previousHosts],
    hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
    ...perTryTimeout,
    ...(retry.backoffMs === undefined || retry.backoffMs === 0
      ? {}
      : { retryBackOff: { baseInterval: durationOf(retry.backoffMs) } }),
  });
}

const unreached = create(HeaderMatcherSchema, {
  name: UNREACHED_HEADER,
  headerMatchSpecifier: { case: "presentMatch", value: true },
});

const previousHosts = {
  name: "envoy.retry_host_predicates.previous_hosts",
  configType: {
    case: "typedConfig" as const,
    value: anyPack(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema)),
  },
};
