/** What a pod's annotations exclude from redirection. */
import { EXCLUDED_INBOUND_PORTS, excludedInboundPorts, isPort, listIn, parseNetwork } from "../resources/index.ts";
import type { Capture } from "./capture-rules.ts";

const EXCLUDED_OUTBOUND = "trilith.dev/exclude-outbound-ports";
const EXCLUDED_NETWORKS = "trilith.dev/exclude-outbound-networks";

export function captureOf(annotations: Readonly<Record<string, string>>): Capture | { readonly problem: string } {
  const listOf = (name: string): string[] => listIn(annotations[name]);
  for (const name of [EXCLUDED_INBOUND_PORTS, EXCLUDED_OUTBOUND]) {
    const bad = listOf(name).find((port) => !isPort(port));
    if (bad !== undefined)
      return { problem: `annotation ${name}: "${bad}" is no port; write numbers from 1 to 65535, with commas between` };
  }
  // Nothing that could be read as more than an address reaches the kernel's program.
  const network = listOf(EXCLUDED_NETWORKS).find((one) => parseNetwork(one) === undefined);
  if (network !== undefined)
    return { problem: `annotation ${EXCLUDED_NETWORKS}: "${network}" is no network; write 10.0.0.0/8 or fd00::/8` };
  return {
    excludedInboundPorts: excludedInboundPorts(annotations),
    excludedOutboundPorts: listOf(EXCLUDED_OUTBOUND).map(Number),
    excludedOutboundNetworks: listOf(EXCLUDED_NETWORKS),
  };
}
