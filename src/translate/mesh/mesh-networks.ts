/** The networks in which the mesh looks for Services and pods; it takes addresses elsewhere for nobody's in the cluster. */
import { isInNetwork, parseNetwork } from "../../resources/index.ts";

/** Whether an address is in one of the networks; undefined networks stand for all addresses. */
export const isInMesh = (networks: readonly string[] | undefined, address: string): boolean =>
  networks === undefined ||
  networks.some((text) => {
    const network = parseNetwork(text);
    return network !== undefined && isInNetwork(network, address);
  });
