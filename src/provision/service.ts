/**
 * The Service in front of a Gateway's Envoys. Parameters of the class and of the Gateway together may name what does not go
 * with the type that won: that is left out.
 */
import type { Wish } from "./wish.ts";

export function serviceSpec(
  { addresses, ports, parameters }: Wish,
  selector: Readonly<Record<string, string>>,
): object {
  const { type = "LoadBalancer", externalTrafficPolicy, loadBalancerClass } = parameters.service ?? {};
  const [asked] = addresses.filter((address) => address.type === "IPAddress" && address.value !== undefined);
  const isBalanced = type === "LoadBalancer";
  return {
    type,
    selector,
    ...(isBalanced && asked && { loadBalancerIP: asked.value }),
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
