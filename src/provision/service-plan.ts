/**
 * Which Services a Gateway has. One Service has one address that a load balancer is asked for and, of each family, one in the
 * cluster; a Gateway that asks for more has more of them, all in front of the same pods. The first is named as all else is, the
 * others by what they are asked for, so that an address which goes takes no other Service with it.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress
 */
import { CLUSTER_ROUTABILITY, type GatewaySpecAddress, isIPv6 } from "../resources/index.ts";
import { generatedName, nameWithHash } from "./generated-name.ts";
import type { Wish } from "./wish.ts";

export interface ServicePlan {
  readonly name: string;
  readonly type: "LoadBalancer" | "NodePort" | "ClusterIP";
  /** What its load balancer is asked for; absent: whatever it gives. */
  readonly outside?: string;
  /** What it is to be in the cluster; absent: whatever it gets. */
  readonly inside?: string;
  /** The Gateway asks to be told what it is in the cluster. */
  readonly tellsInside: boolean;
}

export type IPFamily = "IPv4" | "IPv6";

export const familyOf = (address: string): IPFamily => (isIPv6(address) ? "IPv6" : "IPv4");

/** Of an address that is asked for, or given: whether it is one in the cluster. */
export const isInside = ({ routability }: { readonly routability?: string }): boolean =>
  routability === CLUSTER_ROUTABILITY;

/** Whether it asks for nothing but addresses in the cluster: then nothing outside is to reach it. */
export const staysInCluster = (addresses: readonly GatewaySpecAddress[]): boolean =>
  addresses.length > 0 && addresses.every(isInside);

export function servicesOf({
  name,
  gatewayClassName,
  addresses,
  parameters,
}: Pick<Wish, "name" | "gatewayClassName" | "addresses" | "parameters">): readonly [ServicePlan, ...ServicePlan[]] {
  const base = generatedName(name, gatewayClassName);
  const type = staysInCluster(addresses) ? "ClusterIP" : (parameters.service?.type ?? "LoadBalancer");
  const asked = addresses.filter((address) => address.type === "IPAddress");
  // Where there is no load balancer, nobody can be asked for another address outside.
  const outside = type === "LoadBalancer" ? asked.filter((one) => !isInside(one)).map(({ value }) => value) : [];
  const inside = asked.filter(isInside).flatMap(({ value }) => value ?? []);
  const [ofFirst, ...moreOutside] = outside;
  const fits = ofFirst === undefined || inside[0] === undefined || familyOf(ofFirst) === familyOf(inside[0]);
  const insideOfFirst = fits ? inside[0] : undefined;
  const moreInside = fits ? inside.slice(1) : inside;
  const another = (identity: string, plan: Omit<ServicePlan, "name">): ServicePlan => ({
    name: nameWithHash(base, `${base} ${identity}`),
    ...plan,
  });
  return [
    {
      name: base,
      type,
      ...(ofFirst !== undefined && { outside: ofFirst }),
      ...(insideOfFirst !== undefined && { inside: insideOfFirst }),
      tellsInside: insideOfFirst !== undefined || asked.some((one) => isInside(one) && one.value === undefined),
    },
    ...moreOutside.map((value, index) =>
      another(`outside ${value ?? index}`, {
        type: "LoadBalancer",
        ...(value !== undefined && { outside: value }),
        tellsInside: false,
      }),
    ),
    ...moreInside.map((value) => another(`inside ${value}`, { type: "ClusterIP", inside: value, tellsInside: true })),
  ];
}
