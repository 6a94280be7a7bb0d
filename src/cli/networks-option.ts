/** The option that lists networks, with commas between. */
import { InvalidArgumentError } from "commander";
import { parseNetwork } from "../resources/index.ts";

/** Throws, for people, where one is no network, or there is none. */
export function parseNetworks(text: string): readonly string[] {
  const networks = text.split(",").map((part) => part.trim());
  const bad = networks.find((network) => parseNetwork(network) === undefined);
  if (bad !== undefined)
    throw new InvalidArgumentError(`"${bad}" is no network; write them as 10.0.0.0/8,fd00::/8, with commas between.`);
  return networks;
}
