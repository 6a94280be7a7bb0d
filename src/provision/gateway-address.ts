/**
 * What a Gateway is reached by, as its Service says, once a proxy of it is ready: before that, an address would promise what
 * nobody answers. By default that is what the load balancer gives, or without one the Service's addresses in the cluster; these are
 * told as well where a Gateway asks to be reached in the cluster.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress (routability)
 */
import { CLUSTER_ROUTABILITY, type GatewaySpecAddress, type ObjectKey } from "../resources/index.ts";
import type { OwnedObject } from "./owned-objects.ts";

export interface GatewayAddress {
  readonly key: ObjectKey;
  readonly addresses: readonly ReachedAddress[];
  readonly unusable: readonly { readonly value: string; readonly message: string }[];
}

interface ReachedAddress {
  readonly type: string;
  readonly value: string;
  /** As it was asked for. */
  readonly routability?: string;
}

interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
}

interface DeploymentStatus {
  readonly availableReplicas?: number;
}

const isInCluster = ({ routability }: GatewaySpecAddress): boolean => routability === CLUSTER_ROUTABILITY;

/** Whether it asks for nothing but addresses in the cluster: then nothing outside is to reach it. */
export const staysInCluster = (addresses: readonly GatewaySpecAddress[]): boolean =>
  addresses.length > 0 && addresses.every(isInCluster);

/** `before`: what was reached stays reached while its pods come and go. */
export function gatewayAddressOf(
  gateway: { readonly key: ObjectKey; readonly addresses: readonly GatewaySpecAddress[] },
  service: Pick<OwnedObject, "status" | "clusterIPs" | "isBalanced"> | undefined,
  deployment: unknown,
  before: GatewayAddress | undefined,
): GatewayAddress {
  const { key, addresses: asked } = gateway;
  const given = givenTo(asked, service);
  const isReady = ((deployment ?? {}) as DeploymentStatus).availableReplicas ?? 0;
  const wasReached = (before?.addresses.length ?? 0) > 0;
  return {
    key,
    addresses: isReady > 0 || wasReached ? given : [],
    unusable: service?.status === undefined ? [] : asked.flatMap((one) => unusableOf(one, given, service)),
  };
}

function givenTo(
  asked: readonly GatewaySpecAddress[],
  { status, clusterIPs = [], isBalanced = true }: Pick<OwnedObject, "status" | "clusterIPs" | "isBalanced"> = {},
): ReachedAddress[] {
  const { loadBalancer } = (status ?? {}) as ServiceStatus;
  const balanced = (loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => [
    ...(ip === undefined ? [] : [{ type: "IPAddress", value: ip }]),
    ...(hostname === undefined ? [] : [{ type: "Hostname", value: hostname }]),
  ]);
  const own = clusterIPs.map((value) => ({ type: "IPAddress", value }));
  return [
    ...(staysInCluster(asked) ? [] : isBalanced ? balanced : own),
    // A field that only the experimental channel has: it is told to those alone who have used it.
    ...(asked.some(isInCluster) ? own.map((one) => ({ ...one, routability: CLUSTER_ROUTABILITY })) : []),
  ];
}

function unusableOf(
  asked: GatewaySpecAddress,
  given: readonly ReachedAddress[],
  { isBalanced = true }: Pick<OwnedObject, "isBalanced">,
): GatewayAddress["unusable"] {
  const { value } = asked;
  if (value === undefined) return [];
  if (given.some((one) => one.value === value && (one.routability !== undefined) === isInCluster(asked))) return [];
  if (isInCluster(asked))
    return [
      { value, message: `${value} is not the Service's address in the cluster, which it keeps as long as it exists` },
    ];
  const why = isBalanced ? " by its load balancer" : ", which has no load balancer";
  return [{ value, message: `${value} was not given to the Service${why}` }];
}
