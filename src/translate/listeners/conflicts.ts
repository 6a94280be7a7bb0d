/**
 * Which listeners of one port can live together. All claims here share proxy, transport and port number.
 *
 * - Gateways on one machine: the oldest keeps the port, and the others' listeners do not get it.
 * - Within a Gateway, and within a ListenerSet, listeners that cannot be told apart are all out; none wins.
 * - Between a Gateway and its ListenerSets the first wins: the Gateway's own, then sets by age, then by name.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec and #listenersetspec
 */
import { compareText, compareTimestamps } from "../../resources/index.ts";
import { ANY_HOSTNAME, coversHostname, intersectHostnames, isNarrower } from "../hostname.ts";
import type { ListenerClaim, PortVerdict } from "../listener.ts";
import { includesAddress } from "./bind-address.ts";
import { isTlsProtocol } from "./protocols.ts";

type Conflict = NonNullable<PortVerdict["conflict"]>;

export function judgePort(claims: readonly ListenerClaim[]): PortVerdict[] {
  const gateways = Map.groupBy([...claims].sort(compareClaims), ({ gatewayObject }) => gatewayObject);
  const owners: ListenerClaim[] = [];
  const verdicts: PortVerdict[] = [];
  for (const own of gateways.values()) {
    const [first] = own;
    if (first === undefined) continue;
    const owner = owners.find((other) => areSharing(other.addresses, first.addresses));
    if (owner === undefined) {
      owners.push(first);
      verdicts.push(...judgeGateway(own));
    } else verdicts.push(...own.map((claim) => occupiedBy(owner, claim)));
  }
  return verdicts;
}

/** Older Gateways first; then a Gateway's own listeners, and its ListenerSets' by age and name; then as they are stated. */
function compareClaims(a: ListenerClaim, b: ListenerClaim): number {
  return (
    compareTimestamps(a.gatewayCreatedAt, b.gatewayCreatedAt) ||
    compareText(nameOf(a.gateway), nameOf(b.gateway)) ||
    compareText(a.parent.kind, b.parent.kind) ||
    compareTimestamps(a.parentCreatedAt, b.parentCreatedAt) ||
    compareText(nameOf(a.parent), nameOf(b.parent)) ||
    a.index - b.index
  );
}

const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }) => `${namespace}/${name}`;

export const hostnameOf = ({ spec }: ListenerClaim): string => spec.hostname || ANY_HOSTNAME;

/** Two sockets of one port number exclude each other if an address is the same, or one of them takes them all. */
function areSharing(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) => b.some((other) => includesAddress(one, other) || includesAddress(other, one)));
}

function occupiedBy({ gateway, spec }: ListenerClaim, { key }: ListenerClaim): PortVerdict {
  const occupied = `port ${spec.port} belongs to Gateway ${nameOf(gateway)}, which is older`;
  return { key, occupied, narrower: [], misdirected: [], overlapping: [] };
}

/** The claims of one Gateway, in order of precedence. */
function judgeGateway(claims: readonly ListenerClaim[]): PortVerdict[] {
  const conflicts = new Map<ListenerClaim, Conflict>();
  const earlier: ListenerClaim[] = [];
  for (const siblings of Map.groupBy(claims, ({ parent }) => parent.object).values()) {
    const left: ListenerClaim[] = [];
    for (const claim of siblings) {
      const conflict = conflictWithin(claim, earlier);
      if (conflict === undefined) left.push(claim);
      else conflicts.set(claim, conflict);
    }
    for (const claim of left) {
      const conflict = conflictWithin(claim, left);
      if (conflict !== undefined) conflicts.set(claim, conflict);
    }
    // Listeners that exclude each other still keep later ones away: else a ListenerSet would get what its Gateway wants.
    earlier.push(...left);
  }
  const present = claims.filter((claim) => !conflicts.has(claim));
  return claims.map((claim) => verdictOf(claim, conflicts.get(claim), present));
}

function conflictWithin(claim: ListenerClaim, others: readonly ListenerClaim[]): Conflict | undefined {
  const found = others.flatMap((other) => {
    const reason = other === claim ? undefined : conflictOf(claim, other);
    return reason === undefined ? [] : [{ reason, message: messageOf(reason, claim, other) }];
  });
  return found.find(({ reason }) => reason === "ProtocolConflict") ?? found[0];
}

function conflictOf(a: ListenerClaim, b: ListenerClaim): Conflict["reason"] | undefined {
  const [one, other] = [a.spec.protocol, b.spec.protocol];
  if (one !== other && !(isTlsProtocol(one) && isTlsProtocol(other))) return "ProtocolConflict";
  // A port tells no two TCP or UDP listeners apart; all others are told apart by their hostnames.
  const isSame = one === "TCP" || one === "UDP" || hostnameOf(a) === hostnameOf(b);
  if (!isSame) return undefined;
  return one === other ? "HostnameConflict" : "ProtocolConflict";
}

function messageOf(reason: Conflict["reason"], claim: ListenerClaim, other: ListenerClaim): string {
  const what = reason === "ProtocolConflict" ? `protocol ${other.spec.protocol}` : `hostname ${hostnameOf(other)}`;
  return `${describe(other, claim)} has ${what} on port ${claim.spec.port}`;
}

/** Who attaches to a Gateway learns nothing of others who do, in other namespaces. */
function describe({ parent, spec }: ListenerClaim, onBehalfOf: ListenerClaim): string {
  if (parent.object === onBehalfOf.parent.object) return `listener ${spec.name}`;
  if (parent.kind === "Gateway" || parent.namespace === onBehalfOf.parent.namespace) {
    return `listener ${spec.name} of ${parent.kind} ${nameOf(parent)}`;
  }
  return "a listener of another ListenerSet";
}

function verdictOf(
  claim: ListenerClaim,
  conflict: Conflict | undefined,
  present: readonly ListenerClaim[],
): PortVerdict {
  if (conflict !== undefined) return { key: claim.key, conflict, narrower: [], misdirected: [], overlapping: [] };
  const others = present.filter((other) => other !== claim);
  const { protocol } = claim.spec;
  const hostname = hostnameOf(claim);
  const https = others.filter((other) => other.spec.protocol === "HTTPS");
  // A request may come on any connection, so only listeners that read requests take hosts from each other; for TLS
  // the server name decides, whatever the listener makes of the connection then.
  const rivals = protocol === "HTTPS" ? https : others;
  return {
    key: claim.key,
    narrower: sortedHostnames(rivals.filter((other) => isNarrower(hostnameOf(other), hostname))),
    misdirected: protocol === "HTTPS" ? sortedHostnames(https) : [],
    overlapping: isTlsProtocol(protocol)
      ? others
          .filter((other) => intersectHostnames(hostnameOf(other), hostname) !== undefined)
          .map((other) => describe(other, claim))
      : [],
  };
}

const sortedHostnames = (claims: readonly ListenerClaim[]): string[] =>
  [...new Set(claims.map(hostnameOf))].sort(compareText);

/** What is left of a domain of this listener: nothing where a narrower listener of the port takes all of it. */
export const isTaken = (domain: string, narrower: readonly string[]): boolean =>
  narrower.some((hostname) => coversHostname(hostname, domain));
