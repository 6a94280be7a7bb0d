/**
 * Says what becomes of a request, from the resources alone: a plain reading of the Gateway API, one request at a time, with
 * nothing worked out beforehand. It shares no code about ordering, hostnames or matching with translation, so that the two
 * can be held against each other, and against Envoy.
 *
 * It looks at Gateways of accepted classes, with their ListenerSets.
 */
import type { GRPCRoute, HTTPRoute, KnownObject, Service } from "../../resources/index.ts";
import { common, fitOf, nameOfHost } from "./host-names.ts";
import { grpcMatch, httpMatch, type RankedMatch } from "./matching.ts";
import { isGuarded } from "./left-out.ts";
import { isFrom, type OpenListener, openListeners } from "./open-listeners.ts";
import { type FittingRule, outcomeOfRule } from "./outcome-of-rule.ts";
import { type Target, targetOf } from "./paths.ts";
import { isPermitted } from "./permissions.ts";
import type { EvaluatedRequest, Outcome } from "./request.ts";

type HttpLikeRoute = HTTPRoute | GRPCRoute;

export function evaluate(objects: readonly KnownObject[], request: EvaluatedRequest): Outcome {
  const open = openListeners(objects).filter(({ listener }) => listener.port === request.port);
  if (open.length === 0) return { kind: "refused" };
  return request.tls
    ? evaluateTls(objects, open, request, request.tls.serverName)
    : evaluatePlain(objects, open, request);
}

function evaluatePlain(
  objects: readonly KnownObject[],
  open: readonly OpenListener[],
  request: EvaluatedRequest,
): Outcome {
  const plain = open.filter(({ listener }) => listener.protocol === "HTTP");
  if (plain.length === 0) return { kind: "closed" };
  const listener = bestFit(plain, nameOfHost(request.host));
  if (listener === undefined) return { kind: "status", status: 404, because: "no listener has this host" };
  return evaluateOn(objects, listener, request);
}

/** The server name leads to one listener; a host that another listener fits better was sent to the wrong connection. */
function evaluateTls(
  objects: readonly KnownObject[],
  open: readonly OpenListener[],
  request: EvaluatedRequest,
  serverName: string | undefined,
): Outcome {
  const secure = open.filter(({ listener }) => listener.protocol === "HTTPS");
  const connected = bestFit(secure, serverName?.toLowerCase() ?? "");
  if (connected === undefined || !connected.canServe) return { kind: "closed" };
  const wanted = bestFit(secure, nameOfHost(request.host));
  if (wanted === undefined) return { kind: "status", status: 404, because: "no listener has this host" };
  if (wanted !== connected) return { kind: "status", status: 421, because: "another listener has this host" };
  return evaluateOn(objects, connected, request);
}

function bestFit(open: readonly OpenListener[], name: string): OpenListener | undefined {
  const fitting = open.flatMap((candidate) => {
    const fit = fitOf(candidate.listener.hostname, name);
    return fit === undefined ? [] : [{ candidate, fit }];
  });
  return fitting.reduce<(typeof fitting)[number] | undefined>(
    (best, next) => (best && best.fit >= next.fit ? best : next),
    undefined,
  )?.candidate;
}

/** A route as it meets the listener: in which domain, and by which of its hostnames. */
interface Attached {
  readonly route: HttpLikeRoute;
  readonly domain: string | undefined;
  readonly stated: string | undefined;
}

function evaluateOn(objects: readonly KnownObject[], open: OpenListener, request: EvaluatedRequest): Outcome {
  const name = nameOfHost(request.host);
  const attached = objects.flatMap((object) => {
    if (object.kind !== "HTTPRoute" && object.kind !== "GRPCRoute") return [];
    return isAttached(objects, object, open) ? attachmentsOf(object, open.listener.hostname) : [];
  });
  const fitting = attached.flatMap((one) => {
    const fit = fitOf(one.domain, name);
    return fit === undefined ? [] : [{ ...one, fit }];
  });
  const best = Math.max(-1, ...fitting.map(({ fit }) => fit));
  const target = targetOf(request.target);
  const candidates = fitting.filter(({ fit }) => fit === best).flatMap((one) => candidatesOf(one, request, target));
  const [first] = candidates.sort(compareCandidates);
  if (first === undefined) return { kind: "status", status: 404, because: "no rule of the host's routes fits" };
  return outcomeOfRule(first.fitting, request, target, (backend) => backendName(objects, first.route, backend));
}

/** Routes name what states the listener: those of a Gateway do not go to its ListenerSets. */
function isAttached(
  objects: readonly KnownObject[],
  route: HttpLikeRoute,
  { gateway, parent, listener }: OpenListener,
): boolean {
  const { namespaces, kinds } = listener.allowedRoutes;
  if (!isFrom(objects, namespaces, parent.metadata.namespace, route.metadata.namespace)) return false;
  if (kinds?.length && !kinds.some(({ kind }) => kind === route.kind)) return false;
  const isDefault = parent.kind === "Gateway" && gateway.spec.defaultScope === "All";
  if (route.spec.useDefaultGateways === "All" && isDefault) return true;
  return (route.spec.parentRefs ?? []).some(
    ({ kind, namespace = route.metadata.namespace, name, sectionName, port }) =>
      kind === parent.kind &&
      name === parent.metadata.name &&
      namespace === parent.metadata.namespace &&
      (sectionName === undefined || sectionName === listener.name) &&
      (port === undefined || port === listener.port),
  );
}

function attachmentsOf(route: HttpLikeRoute, listenerHostname: string | undefined): Attached[] {
  const hostnames: readonly (string | undefined)[] = route.spec.hostnames?.length ? route.spec.hostnames : [undefined];
  return hostnames.flatMap((stated) => {
    const shared = common(listenerHostname, stated);
    return shared === undefined ? [] : [{ route, domain: shared.hostname, stated }];
  });
}

interface Candidate {
  readonly route: HttpLikeRoute;
  readonly stated: string | undefined;
  readonly match: RankedMatch;
  readonly fitting: FittingRule;
}

function candidatesOf({ route, stated }: Attached, request: EvaluatedRequest, target: Target): Candidate[] {
  return matchesOf(route).flatMap(({ rule, ruleIndex, match, matchIndex }) => {
    if (!match.fits(request, target)) return [];
    const { namespace, name } = route.metadata;
    const reference = { kind: route.kind, namespace, name, rule: ruleIndex, match: matchIndex };
    return [
      {
        route,
        stated,
        match,
        fitting: { rule, reference, ...(match.prefix !== undefined && { prefix: match.prefix }) },
      },
    ];
  });
}

function matchesOf(
  route: HttpLikeRoute,
): { rule: FittingRule["rule"]; ruleIndex: number; match: RankedMatch; matchIndex: number }[] {
  if (route.kind === "HTTPRoute") {
    return route.spec.rules.flatMap((rule, ruleIndex) => {
      const matches = rule.matches.length > 0 ? rule.matches : [{ path: { type: "PathPrefix", value: "/" } as const }];
      return matches.map((match, matchIndex) => ({
        rule,
        ruleIndex,
        match: httpMatch(match, isGuarded(rule)),
        matchIndex,
      }));
    });
  }
  return (route.spec.rules ?? []).flatMap((rule, ruleIndex) =>
    (rule.matches?.length ? rule.matches : [{}]).map((match, matchIndex) => ({
      rule,
      ruleIndex,
      match: grpcMatch(match, isGuarded(rule)),
      matchIndex,
    })),
  );
}

/** Hostname as stated, then the match's rank, then age, name, kind, and the order within the route. */
function compareCandidates(a: Candidate, b: Candidate): number {
  const hostnames = hostnameRank(b.stated) - hostnameRank(a.stated);
  if (hostnames !== 0) return hostnames;
  for (const [index, value] of a.match.rank.entries()) {
    const difference = (b.match.rank[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  const ages = ageOf(a.route) - ageOf(b.route);
  if (ages !== 0 && !Number.isNaN(ages)) return ages;
  const names = [a, b].map(({ route }) => `${route.metadata.namespace}/${route.metadata.name}`) as [string, string];
  if (names[0] !== names[1]) return names[0] < names[1] ? -1 : 1;
  if (a.route.kind !== b.route.kind) return a.route.kind < b.route.kind ? -1 : 1;
  const [left, right] = [a.fitting.reference, b.fitting.reference];
  return left.rule - right.rule || left.match - right.match;
}

function hostnameRank(stated: string | undefined): number {
  if (stated === undefined) return 0;
  return stated.startsWith("*") ? stated.length : 1000 + stated.length;
}

const ageOf = ({ metadata }: HttpLikeRoute): number =>
  metadata.creationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(metadata.creationTimestamp);

/** "namespace/name:port" of a Service that may be referred to and has the port. */
function backendName(
  objects: readonly KnownObject[],
  route: HttpLikeRoute,
  {
    group,
    kind,
    namespace,
    name,
    port,
  }: { group: string; kind: string; namespace?: string; name: string; port?: number },
): string | undefined {
  if (group !== "" || kind !== "Service") return undefined;
  const home = namespace ?? route.metadata.namespace;
  if (!isPermitted(objects, route, { kind, namespace: home, name })) return undefined;
  const service = objects.find(
    (object): object is Service =>
      object.kind === "Service" && object.metadata.namespace === home && object.metadata.name === name,
  );
  const hasPort = service?.spec.ports?.some((candidate) => candidate.port === port && candidate.protocol === "TCP");
  return hasPort ? `${home}/${name}:${port}` : undefined;
}
