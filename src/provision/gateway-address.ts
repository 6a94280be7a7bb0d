/**
 * What a Gateway is reached by, as its Services say, once a proxy of it is ready: before that, an address would promise what
 * nobody answers. By default that is what the load balancer gives, or without one the Service's addresses in the cluster; these are
 * told as well where a Gateway asks to be reached in the cluster. Addresses are in their canonical form: who provides a load balancer may
 * write them in another one than who asks.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress (routability)
 */
import { canonicalAddress, CLUSTER_ROUTABILITY, type GatewaySpecAddress, type ObjectKey } from "../resources/index.ts";
import type { OwnedObject } from "./owned-objects.ts";
import { isInside, type ServicePlan, staysInCluster } from "./service-plan.ts";

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

/** A Service of the Gateway as it is wanted, and as it is. */
export interface PlannedService {
  readonly plan: ServicePlan;
  readonly found?: Pick<OwnedObject, "status" | "clusterIPs" | "isBalanced"> | undefined;
  /** Why the API server does not take it. */
  readonly refusal?: string | undefined;
}

interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
}

interface DeploymentStatus {
  readonly availableReplicas?: number;
}

/** `before`: what was reached stays reached while its pods come and go. */
export function gatewayAddressOf(
  gateway: {
    readonly key: ObjectKey;
    /** In their canonical form. */
    readonly addresses: readonly GatewaySpecAddress[];
  },
  services: readonly PlannedService[],
  deployment: unknown,
  before: GatewayAddress | undefined,
): GatewayAddress {
  const { key, addresses: asked } = gateway;
  const given = [...(staysInCluster(asked) ? [] : services.flatMap(outsideOf)), ...services.flatMap(insideOf)];
  const isReady = ((deployment ?? {}) as DeploymentStatus).availableReplicas ?? 0;
  const wasReached = (before?.addresses.length ?? 0) > 0;
  return {
    key,
    addresses: isReady > 0 || wasReached ? given : [],
    unusable: asked.flatMap((one) => unusableOf(one, given, services)),
  };
}

/** Without a load balancer, the first Service's addresses in the cluster are what there is. */
function outsideOf({ plan, found }: PlannedService, index: number): ReachedAddress[] {
  if (found?.isBalanced === false) return index === 0 ? ownOf(found) : [];
  if (plan.type === "ClusterIP" && index > 0) return [];
  const { loadBalancer } = (found?.status ?? {}) as ServiceStatus;
  return (loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => [
    ...(ip === undefined ? [] : [{ type: "IPAddress", value: canonicalAddress(ip) }]),
    ...(hostname === undefined ? [] : [{ type: "Hostname", value: hostname }]),
  ]);
}

/** A field that only the experimental channel has: it is told to those alone who have used it. */
const insideOf = ({ plan, found }: PlannedService): ReachedAddress[] =>
  plan.tellsInside ? ownOf(found).map((one) => ({ ...one, routability: CLUSTER_ROUTABILITY })) : [];

const ownOf = (found: PlannedService["found"]): ReachedAddress[] =>
  (found?.clusterIPs ?? []).map((value) => ({ type: "IPAddress", value: canonicalAddress(value) }));

function unusableOf(
  asked: GatewaySpecAddress,
  given: readonly ReachedAddress[],
  services: readonly PlannedService[],
): GatewayAddress["unusable"] {
  const { value } = asked;
  if (value === undefined) return [];
  if (given.some((one) => one.value === value && isInside(one) === isInside(asked))) return [];
  const own = isInside(asked)
    ? services.find(({ plan }) => plan.inside === value)
    : services.find(({ plan }) => plan.outside === value);
  const { found, refusal } = own ?? services[0] ?? {};
  if (found?.status === undefined) return refusal === undefined ? [] : [{ value, message: refusal }];
  if (isInside(asked))
    return [
      { value, message: `${value} is not the Service's address in the cluster, which it keeps as long as it exists` },
    ];
  const why = found.isBalanced === false ? ", which has no load balancer" : " by its load balancer";
  return [{ value, message: `${value} was not given to the Service${why}` }];
}
