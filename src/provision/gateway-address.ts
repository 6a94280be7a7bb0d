/**
 * What a Gateway is reached by, as its Service says, once a proxy of it is ready: before that, an address would promise what
 * nobody answers. A Service without a load balancer is reached by its addresses in the cluster.
 */
import type { GatewaySpecAddress, ObjectKey } from "../resources/index.ts";
import type { OwnedObject } from "./owned-objects.ts";

export interface GatewayAddress {
  readonly key: ObjectKey;
  readonly addresses: readonly { readonly type: string; readonly value: string }[];
  readonly unusable: readonly { readonly value: string; readonly message: string }[];
}

interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
}

interface DeploymentStatus {
  readonly availableReplicas?: number;
}

/** `before`: what was reached stays reached while its pods come and go. */
export function gatewayAddressOf(
  gateway: { readonly key: ObjectKey; readonly addresses: readonly GatewaySpecAddress[] },
  service: Pick<OwnedObject, "status" | "clusterIPs"> | undefined,
  deployment: unknown,
  before: GatewayAddress | undefined,
): GatewayAddress {
  const { key } = gateway;
  const { status, clusterIPs } = service ?? {};
  const { loadBalancer } = (status ?? {}) as ServiceStatus;
  const balanced = (loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => [
    ...(ip === undefined ? [] : [{ type: "IPAddress", value: ip }]),
    ...(hostname === undefined ? [] : [{ type: "Hostname", value: hostname }]),
  ]);
  const given = clusterIPs?.map((value) => ({ type: "IPAddress", value })) ?? balanced;
  const asked = gateway.addresses.flatMap(({ value }) => value ?? []);
  const unusable = asked
    .filter((value) => status !== undefined && !given.some((one) => one.value === value))
    .map((value) => ({
      value,
      message: `${value} was not given to the Service${clusterIPs ? ", which has no load balancer" : " by its load balancer"}`,
    }));
  const isReady = ((deployment ?? {}) as DeploymentStatus).availableReplicas ?? 0;
  const wasReached = (before?.addresses.length ?? 0) > 0;
  return { key, addresses: isReady > 0 || wasReached ? given : [], unusable };
}
