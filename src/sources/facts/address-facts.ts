/**
 * Tells whether this machine has the addresses that Gateways ask to listen on. Looked at when a Gateway that names the
 * address changes, not all the time: an address that appears later is taken up with the next edit.
 */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { canonicalAddress, type Gateway } from "../../resources/index.ts";

export interface AddressFact {
  /** The address, in its canonical form; what is none, as the Gateway writes it. */
  readonly key: string;
  readonly usable: boolean;
  readonly problem?: string;
}

export function deriveAddressFacts(
  graph: Graph,
  gateways: Collection<Gateway>,
  local: () => readonly string[] = localAddresses,
): Collection<AddressFact> {
  const wanted = graph.groups<Gateway>({
    name: "sources/WantedAddresses",
    of: gateways,
    by: ({ spec }) => [
      ...new Set((spec.addresses ?? []).flatMap(({ value }) => (value === undefined ? [] : canonicalAddress(value)))),
    ],
  });
  return graph.derive({
    name: "sources/AddressFacts",
    key: (fact: AddressFact) => fact.key,
    from: wanted,
    map: ({ key }: Group<Gateway>) => [addressFactOf(key, local())],
  });
}

/** All of 127.0.0.0/8 belongs to every machine, though only 127.0.0.1 is listed. */
function addressFactOf(address: string, local: readonly string[]): AddressFact {
  if (isIP(address) === 0) return { key: address, usable: false, problem: `${address} is no IP address` };
  const usable = local.includes(address) || address.startsWith("127.") || address === "0.0.0.0" || address === "::";
  if (usable) return { key: address, usable };
  return { key: address, usable, problem: `this machine has no address ${address}; it has ${local.join(", ")}` };
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}
