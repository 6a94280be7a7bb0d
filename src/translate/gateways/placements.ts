/**
 * Where a Gateway's listeners listen, and whether the Gateway as a whole can be served: its addresses and its parameters.
 *
 * On a host, `spec.addresses` are addresses of the machine. An entry without a value, or no entry at all, means the address
 * that the proxy binds anyway. An address that the machine does not have is left out and told; one of a type that means
 * nothing here refuses the Gateway, as the specification has it.
 *
 * Behind a load balancer, a Gateway that is refused for its parameters is held: nothing is made or changed for it, and what it
 * has from better days stays and serves, so that no traffic is lost because somebody deleted an object.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress
 */
import type { Collection, Graph } from "../../collections/index.ts";
import {
  CLUSTER_ROUTABILITY,
  compareText,
  type GatewaySpecAddress,
  isIPv6,
  type ObjectKey,
  type ServiceParameters,
} from "../../resources/index.ts";
import { includesAddress } from "../listeners/bind-address.ts";
import type { AddressFact, Facts, GatewayAddressFact } from "../inputs.ts";
import type { TranslateSettings } from "../settings.ts";
import type { ManagedGateway } from "./managed-gateways.ts";
import type { ParametersOfGateway } from "./parameters.ts";

export interface Placement {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  /** Why the Gateway is not accepted, whatever its listeners are. */
  readonly refusal?: { readonly reason: string; readonly message: string; readonly path: string };
  /** It is refused, and yet what it has stays and serves. */
  readonly held?: true;
  /** What its listeners bind, sorted: an address that another one includes needs no socket of its own. */
  readonly addresses: readonly string[];
  /** What it is reached by, for its status. */
  readonly reached: readonly ReachedAddress[];
  /** What was asked for and cannot be had. */
  readonly unusable: readonly { readonly path: string; readonly message: string }[];
  /** Why what it needs of the cluster is not as it asks for it, and will not be before somebody changes something. */
  readonly unmade?: { readonly reason: "Invalid" | "NameTaken"; readonly message: string };
  /** What an address is waited for. */
  readonly waiting?: string;
}

export interface ReachedAddress {
  readonly type: string;
  readonly value: string;
  readonly routability?: string;
}

export interface PlacementSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly parameters: Collection<ParametersOfGateway>;
}

/** On a node without IPv6 nobody could bind it. */
const EVERY_IPV6_ADDRESS = "::";

/** What takes IPv4 alone stays when a Gateway gains or loses IPv6, and so do the connections to it. */
const bindAddressesOf = (bindAddress: string, isDual: boolean): readonly string[] =>
  isDual && bindAddress !== EVERY_IPV6_ADDRESS ? [bindAddress, EVERY_IPV6_ADDRESS] : [bindAddress];

const usesIPv6 = ({ ipFamilyPolicy = "SingleStack", ipFamilies = [] }: ServiceParameters = {}): boolean =>
  ipFamilyPolicy !== "SingleStack" || ipFamilies.includes("IPv6");

export function derivePlacements(
  graph: Graph,
  { gateways, parameters }: PlacementSources,
  { addressFacts, gatewayAddresses }: Pick<Facts, "addressFacts" | "gatewayAddresses">,
  settings: TranslateSettings,
): Collection<Placement> {
  return graph.derive({
    name: "translate/Placements",
    key: (placement: Placement) => placement.key,
    from: gateways,
    reads: [parameters, addressFacts, ...(gatewayAddresses ? [gatewayAddresses] : [])],
    map: ({ key, spec }, read) => {
      const asked = spec.addresses ?? [];
      const fact = gatewayAddresses && read.get(gatewayAddresses, key);
      const { problem, isDual } = read.pick(parameters, key, (found) => ({
        problem: found?.problem,
        isDual: usesIPv6(found?.parameters.service),
      }));
      const addresses = bindAddressesOf(settings.bindAddress, isDual || asked.some(({ value = "" }) => isIPv6(value)));
      if (problem !== undefined && settings.addresses === "service") {
        const { reached } = reachedThrough(asked, fact);
        return [{ key, refusal: problem, held: true, addresses, reached, unusable: [] }];
      }
      const refusal = problem ?? refusalOf(asked, settings);
      if (refusal !== undefined) return [{ key, refusal, addresses: [], reached: [], unusable: [] }];
      if (settings.addresses === "host") {
        return [{ key, ...bindAsked(asked, settings.bindAddress, (address) => read.get(addressFacts, address)) }];
      }
      return [{ key, addresses, ...reachedThrough(asked, fact) }];
    },
  });
}

const refusalOf = (asked: readonly GatewaySpecAddress[], settings: TranslateSettings): Placement["refusal"] =>
  asked.flatMap((address, index) => unsupportedOf(address, index, settings))[0];

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
  if (routability === "") return [];
  if (addresses === "host" || routability !== CLUSTER_ROUTABILITY)
    return refuse(`the routability ${routability} is not supported${addresses === "host" ? " on a machine" : ""}`);
  return type === "IPAddress" ? [] : refuse(`in the cluster, a Gateway has no address of type ${type}`);
}

/** On a host: the addresses of the machine that were asked for. */
function bindAsked(
  asked: readonly GatewaySpecAddress[],
  bindAddress: string,
  factOf: (address: string) => AddressFact | undefined,
): Omit<Placement, "key"> {
  const assigned = new Set<string>(asked.length === 0 ? [bindAddress] : []);
  const unusable: { path: string; message: string }[] = [];
  const unknown: string[] = [];
  for (const [index, { value = "" }] of asked.entries()) {
    const fact = value === "" ? { usable: true, key: bindAddress } : factOf(value);
    if (fact === undefined) unknown.push(value);
    else if (fact.usable) assigned.add(fact.key);
    else unusable.push({ path: `spec.addresses[${index}]`, message: fact.problem ?? `${value} cannot be used here` });
  }
  const isIncluded = (address: string) =>
    [...assigned].some((other) => other !== address && includesAddress(other, address));
  return {
    addresses: [...assigned].filter((address) => !isIncluded(address)).sort(compareText),
    reached: [...new Set([...assigned].map(reachableOf))].map((value) => ({ type: "IPAddress", value })),
    unusable,
    ...(unknown.length > 0 && { waiting: `Not yet known whether ${unknown.join(", ")} can be listened on` }),
  };
}

/**
 * What to reach a socket by. One on every address of the machine is reached by the loopback address, which is the one that
 * works for whoever reads the status on that machine.
 */
function reachableOf(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

/** Behind a load balancer: what whoever provides it says. */
function reachedThrough(
  asked: readonly GatewaySpecAddress[],
  fact: GatewayAddressFact | undefined,
): Pick<Placement, "reached" | "unusable" | "unmade" | "waiting"> {
  const reached = fact?.addresses ?? [];
  const unusable = asked.flatMap(({ value }, index) => {
    const problem = fact?.unusable.find((one) => one.value === value);
    return problem === undefined ? [] : [{ path: `spec.addresses[${index}]`, message: problem.message }];
  });
  const isWaiting = !hasEvery(asked, reached) && unusable.length === 0;
  const what = reached.length === 0 ? "No address" : "Not every address";
  const why = fact?.problem === undefined ? "" : `: ${fact.problem}`;
  return {
    reached,
    unusable,
    ...unmadeOf(fact),
    ...(isWaiting && { waiting: `${what} has been assigned yet${why}` }),
  };
}

function unmadeOf({ problem, hindrance }: Partial<GatewayAddressFact> = {}): Pick<Placement, "unmade"> {
  if (problem === undefined || hindrance === undefined) return {};
  return { unmade: { reason: hindrance === "nameTaken" ? "NameTaken" : "Invalid", message: problem } };
}

/** Those that were named are there, and of each routability as many as were asked for. */
function hasEvery(asked: readonly GatewaySpecAddress[], reached: readonly ReachedAddress[]): boolean {
  if (asked.length === 0) return reached.length > 0;
  return [undefined, CLUSTER_ROUTABILITY].every((routability) => {
    const wanted = asked.filter(
      (one) => (one.routability === CLUSTER_ROUTABILITY ? CLUSTER_ROUTABILITY : undefined) === routability,
    );
    const there = reached.filter((one) => one.routability === routability).map(({ value }) => value);
    return wanted.length <= there.length && wanted.every(({ value }) => value === undefined || there.includes(value));
  });
}
