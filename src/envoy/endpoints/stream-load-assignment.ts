/**
 * The endpoints of a stream backend: those of all its targets in one list, each with its part of its target's weight.
 *
 * The design thought of a locality per target. Envoy keeps only the first endpoint of those with one address, across
 * localities too, so a target that shares endpoints with an earlier one would lose its part; here it adds to theirs.
 *
 * - A target whose reference does not resolve, or that has no endpoints, keeps its part: it goes to an address where a
 *   connection is refused at once (and a datagram is dropped).
 * - A target whose endpoints are not known yet has no part until they are. If that holds for all, nothing is made, and
 *   what refers to the backend waits.
 */
import type { BackendOrigin, EndpointSet, EndpointSetKey, StreamBackend, StreamTarget } from "../../model/index.ts";
import { formatBackend, formatOrigin } from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { targetTlsMatch, targetTlsName, TRANSPORT_SOCKET_METADATA } from "../clusters/target-tls.ts";
import { mutualTlsMatch } from "../mesh/mutual-tls.ts";
import { METADATA_NAMESPACE } from "../http/filter-names.ts";
import { serviceFields } from "../object-metadata.ts";
import type { EnvoyRecord } from "../record.ts";
import { loadAssignment, withPlaces } from "./load-assignment.ts";

/** Nobody can listen on port 0, so the proxy's own kernel refuses; tried with Envoy 1.40, for TCP and UDP. */
const REFUSING = { address: "127.0.0.1", port: 0 };

type SetOf = (key: EndpointSetKey) => EndpointSet | undefined;

interface Place {
  readonly address: string;
  readonly port: number;
  readonly tls?: string;
  readonly identity?: string;
  readonly workload?: string;
  readonly backend?: BackendOrigin;
}

interface Share extends Place {
  /** Of the total of the targets' weights: numerator / denominator. */
  readonly numerator: number;
  readonly denominator: number;
}

/** Places count where there is one target: where connections are shared out by weight, each target has its part wherever they come from. */
export function streamEndpointsRecord(backend: StreamBackend, setOf: SetOf): EnvoyRecord | undefined {
  const record = recordFor(backend, setOf);
  const [only, ...others] = backend.targets;
  const set = only?.endpoints === undefined ? undefined : setOf(only.endpoints);
  if (record === undefined || set?.at === undefined || others.length > 0) return record;
  const placed = Object.entries(set.at).flatMap(([place, endpoints]) => {
    const own = recordFor(backend, () => ({ ...set, endpoints }));
    return own === undefined ? [] : [[place, own] as const];
  });
  return withPlaces(record, placed);
}

function recordFor(backend: StreamBackend, setOf: SetOf): EnvoyRecord | undefined {
  const { key, origin, protocol, targets } = backend;
  const known = targets.filter(({ endpoints }) => endpoints === undefined || isKnown(setOf(endpoints)));
  if (known.length === 0 && targets.length > 0) return undefined;
  const sets = known.flatMap(({ endpoints }) => (endpoints === undefined ? [] : (setOf(endpoints) ?? [])));
  const weighted = weigh(known.flatMap((target) => sharesOf(target, setOf)));
  return loadAssignment(
    key,
    weighted.map(({ address, port, tls, identity, workload, backend, weight }) => ({
      hostIdentifier: { case: "endpoint", value: { address: socketAddress(protocol, address, port) } },
      loadBalancingWeight: weight,
      metadata: {
        filterMetadata: {
          ...(tls !== undefined && { [TRANSPORT_SOCKET_METADATA]: targetTlsMatch(tls) }),
          ...(tls === undefined &&
            identity !== undefined &&
            protocol === "tcp" && { [TRANSPORT_SOCKET_METADATA]: mutualTlsMatch(identity) }),
          [METADATA_NAMESPACE]: {
            ...(backend && { backend: formatBackend(backend), ...serviceFields(backend) }),
            ...(workload !== undefined && { workload }),
            route: formatOrigin(origin),
          },
        },
      },
    })),
    [...new Set([formatOrigin(origin), ...sets.map((set) => formatBackend(set.origin))])],
  );
}

const isKnown = (set: EndpointSet | undefined): boolean => set !== undefined && !set.unresolved;

function sharesOf({ weight, endpoints, tls }: StreamTarget, setOf: SetOf): readonly Share[] {
  const set = endpoints === undefined ? undefined : setOf(endpoints);
  if (!set || set.endpoints.length === 0) return [{ ...REFUSING, numerator: weight, denominator: 1 }];
  const rest = {
    ...(tls && { tls: targetTlsName(tls) }),
    backend: set.origin,
    numerator: weight,
    denominator: set.endpoints.length,
  };
  return set.endpoints.map((endpoint) => ({ ...endpoint, ...rest }));
}

interface Weighted extends Place {
  readonly weight: number;
}

/** Envoy wants integers whose sum stays below 2³². */
const MAX_TOTAL = 2 ** 32 - 1;

/**
 * Whole numbers in exactly the proportion of the shares, as small as they can be; when they would grow too large, scaled
 * and rounded, which is wrong by less than one in a million. Endpoints of one address become one.
 */
function weigh(shares: readonly Share[]): readonly Weighted[] {
  const common = shares.reduce((all, { denominator }) => leastCommonMultiple(all, BigInt(denominator)), 1n);
  const byAddress = new Map<string, Place & { readonly total: bigint }>();
  for (const { numerator, denominator, ...endpoint } of shares) {
    const name = `${endpoint.address} ${endpoint.port}`;
    const part = (BigInt(numerator) * common) / BigInt(denominator);
    const merged = byAddress.get(name);
    byAddress.set(name, merged ? { ...merged, total: merged.total + part } : { ...endpoint, total: part });
  }
  const totals = [...byAddress.values()];
  const divisor = totals.reduce((all, { total }) => greatestCommonDivisor(all, total), 0n) || 1n;
  const sum = totals.reduce((all, { total }) => all + total, 0n) / divisor;
  return totals.map(({ total, ...endpoint }) => ({ ...endpoint, weight: fit(total / divisor, sum) }));
}

function fit(weight: bigint, sum: bigint): number {
  if (sum <= BigInt(MAX_TOTAL)) return Number(weight);
  return Math.max(1, Math.floor(Number((weight * BigInt(2 ** 31)) / sum)));
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

const leastCommonMultiple = (a: bigint, b: bigint): bigint => (a / greatestCommonDivisor(a, b)) * b;
