/**
 * Where a Gateway's listeners listen, and whether the Gateway as a whole can be served: its addresses and its parameters.
 *
 * On a host, `spec.addresses` are addresses of the machine. An entry without a value, or no entry at all, means the address
 * that the proxy binds anyway. An address that the machine does not have is left out and told; one of a type that means
 * nothing here refuses the Gateway, as the specification has it.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { compareText, type GatewaySpecAddress, type ObjectKey } from "../../resources/index.ts";
import { includesAddress } from "../listeners/bind-address.ts";
import type { AddressFact } from "../inputs.ts";
import type { TranslateSettings } from "../settings.ts";
import type { ManagedGateway } from "./managed-gateways.ts";

export interface Placement {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  /** Why the Gateway is not accepted, whatever its listeners are. */
  readonly refusal?: { readonly reason: string; readonly message: string; readonly path: string };
  /** What the Gateway has got, in the order in which it asked. */
  readonly assigned: readonly string[];
  /** What its listeners bind, sorted: an address that another one includes needs no socket of its own. */
  readonly addresses: readonly string[];
  /** What was asked for and cannot be bound. */
  readonly unusable: readonly { readonly path: string; readonly message: string }[];
  /** Addresses about which nothing is known yet. */
  readonly pending: readonly string[];
}

export function derivePlacements(
  graph: Graph,
  gateways: Collection<ManagedGateway>,
  addressFacts: Collection<AddressFact>,
  settings: TranslateSettings,
): Collection<Placement> {
  return graph.derive({
    name: "translate/Placements",
    key: (placement: Placement) => placement.key,
    from: gateways,
    reads: [addressFacts],
    map: (gateway, read) => [placementOf(gateway, settings, addressFacts, read)],
  });
}

function placementOf(
  { key, spec }: ManagedGateway,
  settings: TranslateSettings,
  facts: Collection<AddressFact>,
  read: Reader,
): Placement {
  const none = { key, assigned: [], addresses: [], unusable: [], pending: [] };
  const parameters = spec.infrastructure?.parametersRef;
  if (parameters !== undefined) {
    const message = `Trilith has no parameters of kind ${parameters.kind}${parameters.group === "" ? "" : `.${parameters.group}`}`;
    return { ...none, refusal: { reason: "InvalidParameters", message, path: "spec.infrastructure.parametersRef" } };
  }
  const asked = spec.addresses ?? [];
  const refusal = asked.flatMap((address, index) => unsupportedOf(address, index, settings))[0];
  if (refusal !== undefined) return { ...none, refusal };
  if (settings.addresses === "service" || asked.length === 0) return { ...none, ...bindingOf([settings.bindAddress]) };
  return { key, ...assign(asked, settings.bindAddress, (address) => read.get(facts, address)) };
}

function unsupportedOf(
  { type, routability = "" }: GatewaySpecAddress,
  index: number,
  { addresses }: TranslateSettings,
): NonNullable<Placement["refusal"]>[] {
  const path = `spec.addresses[${index}]`;
  const refuse = (message: string) => [{ reason: "UnsupportedAddress", message, path }];
  if (type !== "IPAddress" && (addresses === "host" || type !== "Hostname")) {
    return refuse(
      `an address of type ${type} is not supported${addresses === "host" ? "; use an IPAddress of this machine" : ""}`,
    );
  }
  return routability === "" ? [] : refuse(`the routability ${routability} is not supported`);
}

function assign(
  asked: readonly GatewaySpecAddress[],
  bindAddress: string,
  factOf: (address: string) => AddressFact | undefined,
): Omit<Placement, "key"> {
  const addresses = new Set<string>();
  const unusable: { path: string; message: string }[] = [];
  const pending: string[] = [];
  for (const [index, { value = "" }] of asked.entries()) {
    const fact = value === "" ? { usable: true, key: bindAddress } : factOf(value);
    if (fact === undefined) pending.push(value);
    else if (fact.usable) addresses.add(fact.key);
    else unusable.push({ path: `spec.addresses[${index}]`, message: fact.problem ?? `${value} cannot be used here` });
  }
  return { ...bindingOf([...addresses]), unusable, pending };
}

function bindingOf(assigned: readonly string[]): Pick<Placement, "assigned" | "addresses"> {
  const isIncluded = (address: string) =>
    assigned.some((other) => other !== address && includesAddress(other, address));
  return { assigned, addresses: assigned.filter((address) => !isIncluded(address)).sort(compareText) };
}
