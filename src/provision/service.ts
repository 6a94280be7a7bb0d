/**
 * A Service in front of a Gateway's Envoys. Parameters of the class and of the Gateway together may name what does not go
 * with the type that won: that is left out.
 */
import { familyOf, type IPFamily, type ServicePlan } from "./service-plan.ts";
import type { Wish } from "./wish.ts";

export function serviceSpec(
  { type, outside, inside }: ServicePlan,
  { ports, parameters }: Pick<Wish, "ports" | "parameters">,
  selector: Readonly<Record<string, string>>,
): object {
  const {
    externalTrafficPolicy,
    loadBalancerClass,
    ipFamilyPolicy = "SingleStack",
    ipFamilies,
  } = parameters.service ?? {};
  const isBalanced = type === "LoadBalancer";
  const families =
    familiesOf(outside ?? inside, ipFamilyPolicy === "SingleStack" ? [] : (ipFamilies ?? [])) ?? ipFamilies;
  return {
    type,
    selector,
    ipFamilyPolicy,
    ...(families && { ipFamilies: families }),
    ...(inside !== undefined && { clusterIP: inside }),
    ...(outside !== undefined && { loadBalancerIP: outside }),
    ...(isBalanced && loadBalancerClass !== undefined && { loadBalancerClass }),
    ...(type !== "ClusterIP" && externalTrafficPolicy !== undefined && { externalTrafficPolicy }),
    ports: ports.map(({ transport, port }) => ({
      name: `${transport}-${port}`,
      port,
      targetPort: port,
      protocol: transport === "tcp" ? "TCP" : "UDP",
    })),
  };
}

/** An address that is asked for decides about the first family; undefined where none is. */
function familiesOf(address: string | undefined, others: readonly IPFamily[]): readonly IPFamily[] | undefined {
  if (address === undefined) return undefined;
  const family = familyOf(address);
  return [family, ...others.filter((other) => other !== family)];
}
