/** The networks in which the mesh looks for Services and pods; it takes addresses elsewhere for nobody's in the cluster. */
import { isInNetwork, parseNetwork } from "../../resources/index.ts";

/** Whether the mesh looks at an address. */
export type IsInMesh = (address: string) => boolean;

/** Undefined networks stand for all addresses. */
export function addressesIn(networks: readonly string[] | undefined): IsInMesh {
  if (networks === undefined) return () => true;
  const parsed = networks.flatMap((text) => parseNetwork(text) ?? []);
  return (address) => parsed.some((network) => isInNetwork(network, address));
}
