/**
 * The derivation of RouteRules: one for each route and Gateway that a parentRef brings together, attached or not, since
 * ResolvedRefs is told either way. A route is translated again when it, something it refers to, or a permission changes.
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import { isMesh, type NamespacedName } from "../../model/index.ts";
import type { BackendObjectReference, Route } from "../../resources/index.ts";
import { gatewayGroup } from "../../resources/index.ts";
import type { ParentResult, RouteReference } from "../attachment.ts";
import { type BackendSources, backendLookup, readsOfLookup } from "../backends/backend-lookup.ts";
import { type BackendLookup, resolveBackend } from "../backends/resolve-backend.ts";
import type { Resolution } from "../backends/resolution.ts";
import { grpcRulesOf } from "../grpc/grpc-rules.ts";
import { httpBackendsOf } from "../http/http-backends.ts";
import { httpRulesOf } from "../http/http-rules.ts";
import type { Inputs } from "../inputs.ts";
import { streamBackendsOf } from "../stream/stream-rules.ts";
import { type MatchedRule, type RouteRules } from "./route-rules.ts";
import { RuleScope } from "./rule-scope.ts";

export interface RuleSources extends BackendSources {
  readonly parentResults: Collection<ParentResult>;
}

export function deriveRules(graph: Graph, sources: RuleSources): Collection<RouteRules> {
  const { inputs, parentResults } = sources;
  const pairs = graph.groups<ParentResult>({
    name: "translate/RoutesOfGateways",
    of: parentResults,
    by: (result) => [result.rules],
  });
  return graph.derive<Group<ParentResult>, RouteRules>({
    name: "translate/RouteRules",
    key: (rules) => rules.key,
    from: pairs,
    reads: [
      inputs.httpRoutes,
      inputs.grpcRoutes,
      inputs.tlsRoutes,
      inputs.tcpRoutes,
      inputs.udpRoutes,
      ...readsOfLookup(sources),
    ],
    map: ({ members: [parent] }, read) => {
      const route = parent && routeOf(parent.route, inputs, read);
      return parent && route ? [rulesOf(route, parent, sources, read)] : [];
    },
  });
}

function routeOf({ kind, object }: RouteReference, inputs: Inputs, read: Reader): Route | undefined {
  switch (kind) {
    case "HTTPRoute":
      return read.get(inputs.httpRoutes, object);
    case "GRPCRoute":
      return read.get(inputs.grpcRoutes, object);
    case "TLSRoute":
      return read.get(inputs.tlsRoutes, object);
    case "TCPRoute":
      return read.get(inputs.tcpRoutes, object);
    case "UDPRoute":
      return read.get(inputs.udpRoutes, object);
  }
}

function rulesOf(
  route: Route,
  { rules: key, route: reference, gateway }: ParentResult,
  sources: RuleSources,
  read: Reader,
): RouteRules {
  const scope = new RuleScope();
  const from = { group: gatewayGroup, kind: reference.kind, namespace: reference.namespace };
  const looked = backendLookup(from, reference.kind === "UDPRoute" ? "UDP" : "TCP", gateway, sources, read);
  const look = isMesh(gateway) ? withParentServices(looked, route) : looked;
  const resolve = (backend: BackendObjectReference): Resolution =>
    scope.note(resolveBackend(backend, reference.namespace, look));
  const served = servedRulesOf(route, reference, gateway, resolve, scope);
  return {
    key,
    route: reference,
    gateway,
    httpRules: served.httpRules ?? [],
    streamBackends: served.streamBackends ?? [],
    ...scope.uses(),
    resolvedRefs: scope.resolvedRefs(),
    problems: scope.problems,
    ruleCount: (route.spec.rules ?? []).length,
    dropped: scope.dropped,
    notices: scope.notices,
  };
}

/** Who may speak for a Service may send its requests there: callers reach it without the route just as well. */
function withParentServices(look: BackendLookup, { metadata, spec }: Route): BackendLookup {
  const isParent = ({ group, kind, namespace, name }: Parameters<BackendLookup["permits"]>[0]): boolean =>
    (spec.parentRefs ?? []).some(
      (parent) =>
        parent.group === group &&
        parent.kind === kind &&
        parent.name === name &&
        (parent.namespace ?? metadata.namespace) === namespace,
    );
  return { ...look, permits: (to) => isParent(to) || look.permits(to) };
}

interface ServedRules {
  readonly httpRules?: readonly MatchedRule[];
  readonly streamBackends?: RouteRules["streamBackends"];
}

function servedRulesOf(
  route: Route,
  reference: RouteReference,
  gateway: NamespacedName,
  resolve: (backend: BackendObjectReference) => Resolution,
  scope: RuleScope,
): ServedRules {
  switch (route.kind) {
    case "HTTPRoute":
      return { httpRules: httpRulesOf(reference, route.spec.rules, httpBackendsOf(resolve, scope, false), scope) };
    case "GRPCRoute":
      return { httpRules: grpcRulesOf(reference, route.spec.rules ?? [], httpBackendsOf(resolve, scope, true), scope) };
    case "TLSRoute":
    case "TCPRoute":
    case "UDPRoute":
      return { streamBackends: streamBackendsOf(reference, route.spec.rules, gateway, resolve, scope) };
  }
}
