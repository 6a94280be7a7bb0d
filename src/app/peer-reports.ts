/**
 * What proxies did with sockets and routes when they are served by several replicas: each replica reports what its own
 * Envoys acknowledged, and these functions say what that is altogether. Pure. See docs/decisions/replicas.md.
 *
 * Only replicas count that have Envoys of the proxy. All of them must have acknowledged a generation; a refusal by one is
 * one. What was true stays true for its generation, since an Envoy that starts, or goes, takes nothing away from what
 * was programmed.
 */
import type { ProxyKey, SocketKey } from "../model/index.ts";
import type { RouteReport, SocketReport } from "../translate/index.ts";

/** What the counting replicas say, in an order that is the same for everybody; undefined where one has not said anything. */
type Told<Report> = readonly (Report | undefined)[];

type Programmed = SocketReport["programmed"][number];

/** A listener of one object: that of another one of the same name, before or after it, is another listener. */
const identityOf = ({ listener, uid = "" }: Programmed): string => `${listener} ${uid}`;

/** `before` is what was known until now. */
export function mergeSocketReports(key: SocketKey, told: Told<SocketReport>, before?: SocketReport): SocketReport {
  const kept = keptOf(before?.programmed ?? [], told);
  const merged = new Map(kept.map((programmed) => [identityOf(programmed), programmed]));
  for (const acknowledged of acknowledgedByAll(told)) {
    const known = merged.get(identityOf(acknowledged))?.generation ?? 0;
    const generation = Math.max(known, acknowledged.generation);
    merged.set(identityOf(acknowledged), { ...acknowledged, generation });
  }
  const problem = told.find((report) => report?.problem)?.problem;
  const programmed = [...merged.values()].sort((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1));
  return { key, programmed, ...(problem && { problem }) };
}

/** What was told of an earlier route of that name is nothing that was told. */
export function mergeRouteReports(
  identity: Pick<RouteReport, "key" | "route" | "uid" | "proxy">,
  told: Told<RouteReport>,
  before?: RouteReport,
): RouteReport {
  const { key, route, uid, proxy } = identity;
  const ofIt = (report: RouteReport | undefined): RouteReport | undefined => (report?.uid === uid ? report : undefined);
  const reports = told.map(ofIt);
  const generation = reports.length === 0 ? 0 : Math.min(...reports.map((report) => report?.generation ?? 0));
  const problem = reports.find((report) => report?.problem !== undefined)?.problem;
  return {
    key,
    route,
    ...(uid !== undefined && { uid }),
    proxy,
    generation: Math.max(generation, ofIt(before)?.generation ?? 0),
    ...(told.length > 0 && { isFollowed: true as const }),
    ...(problem !== undefined && { problem }),
  };
}

/** The proxy that a socket belongs to: see `socketKey`. */
export const proxyOfSocket = (socket: SocketKey): ProxyKey => socket.split("/").slice(0, -3).join("/") as ProxyKey;

/** Listeners that the socket has no more: every replica tells of some, and none of these. */
function keptOf(before: readonly Programmed[], told: Told<SocketReport>): readonly Programmed[] {
  const listed = told.map((report) => report?.programmed ?? []);
  if (listed.length === 0 || listed.some((programmed) => programmed.length === 0)) return before;
  const present = new Set(listed.flat().map(identityOf));
  return before.filter((programmed) => present.has(identityOf(programmed)));
}

function acknowledgedByAll(told: Told<SocketReport>): Programmed[] {
  const [first, ...others] = told.map((report) => byIdentity(report));
  return [...(first?.values() ?? [])].flatMap((programmed) => {
    const generations = others.flatMap((of) => of.get(identityOf(programmed))?.generation ?? []);
    if (generations.length < others.length) return [];
    return [{ ...programmed, generation: Math.min(programmed.generation, ...generations) }];
  });
}

const byIdentity = (report: SocketReport | undefined): Map<string, Programmed> =>
  new Map((report?.programmed ?? []).map((programmed) => [identityOf(programmed), programmed]));
