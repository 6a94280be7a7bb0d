/**
 * Who calls whom, as formats of the access log: what its environment says of a proxy's own workload, and what clusters, endpoints and
 * certificates say of the other. Metrics, the access log and nothing else are made of these.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
 */
import { PROXY_VARIABLES } from "../model/index.ts";
import { METADATA_NAMESPACE } from "./http/filter-names.ts";

const own = (variable: keyof typeof PROXY_VARIABLES): string => `%ENVIRONMENT(${PROXY_VARIABLES[variable]})%`;
export const ofEndpoint = (field: string): string => `%METADATA(UPSTREAM_HOST:${METADATA_NAMESPACE}:${field})%`;
/** Known also where no endpoint could be chosen. */
export const ofBackend = (field: string): string => `%METADATA(CLUSTER:${METADATA_NAMESPACE}:${field})%`;

/** The workload, or Gateway, that the proxy stands beside. */
export const ownWorkload: Readonly<Record<keyof typeof PROXY_VARIABLES, string>> = {
  namespace: own("namespace"),
  workload: own("workload"),
  identity: own("identity"),
};

/** Whom the proxy calls: the workload where it is in the mesh, and the identity that it proved. */
export const calledWorkload: Readonly<Record<"workload" | "identity", string>> = {
  workload: ofEndpoint("workload"),
  identity: "%UPSTREAM_PEER_URI_SAN%",
};

/** Whoever called the proxy, by the certificate that was shown. */
export const CALLER_IDENTITY = "%DOWNSTREAM_PEER_URI_SAN%";
