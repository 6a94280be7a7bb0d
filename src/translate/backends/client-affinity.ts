/**
 * Session affinity of a Service (`sessionAffinity: ClientIP`), as callers in the mesh keep to it: each sends to one endpoint, chosen by
 * its own address. A policy that says how to balance comes before it. Gateways do not follow it, since their clients' addresses
 * are often those of a load balancer.
 *
 * https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity
 */
import type { BackendPolicy } from "../../model/index.ts";
import type { Service } from "../../resources/index.ts";

export const isSticky = ({ sessionAffinity }: Service["spec"], policy: BackendPolicy | undefined): boolean =>
  sessionAffinity === "ClientIP" && policy?.loadBalancing === undefined;

export const keptToClients = (policy: BackendPolicy | undefined): BackendPolicy => ({
  usesAllWhenNoneHealthy: false,
  ...policy,
  loadBalancing: { kind: "consistentHash", key: { kind: "sourceAddress" } },
});
