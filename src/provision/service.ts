/**
 * The Service in front of a Gateway's Envoys. Parameters of the class and of the Gateway together may name what does not go
 * with the type that won: that is left out.
 */
import { CLUSTER_ROUTABILITY } from "../resources/index.ts";
import { staysInCluster } from "./gateway-address.ts";
import type { Wish } from "./wish.ts";

export function serviceSpec(
  { addresses, ports, parameters }: Wish,
  selector: Readonly<Record<string, string>>,
): object {
  const { type: stated = "LoadBalancer", externalTrafficPolicy, loadBalancerClass } = parameters.service ?? {};
  const type = staysInCluster(addresses) ? "ClusterIP" : stated;
  const ofType = addresses.filter((address) => address.type === "IPAddress" && address.value !== undefined);
  const inCluster = ofType.find(({ routability }) => routability === CLUSTER_ROUTABILITY);
  const asked = ofType.find(({ routability }) => routability !== CLUSTER_ROUTABILITY);
  const isBalanced = type === "LoadBalancer";
  return {
    type,
    selector,
    ...(inCluster && { clusterIP: inCluster.value }),
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
