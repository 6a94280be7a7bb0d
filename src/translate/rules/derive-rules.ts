/**
 * The derivation of RouteRules: one for each route and Gateway that a parentRef brings together, attached or not, since
 * ResolvedRefs is told either way. A route is translated again when it, something it refers to, or a permission changes.
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { BackendOrigin, CertificateKey, NamespacedName } from "../../model/index.ts";
import type { BackendObjectReference, Route } from "../../resources/index.ts";
import { compareText, experimentalGroup, gatewayGroup, objectKey, type ObjectKey } from "../../resources/index.ts";
import type { ParentResult, RouteReference } from "../attachment.ts";
import { type TlsBinding, tlsPolicyFor } from "../backend-tls/tls-bindings.ts";
import { type BackendLookup, resolveBackend } from "../backends/resolve-backend.ts";
import type { Resolution } from "../backends/resolution.ts";
import { xBackendLookup, xBackendResultOf } from "../backends/x-backend-result.ts";
import { type Grants, isGranted } from "../grants.ts";
import { grpcRulesOf } from "../grpc/grpc-rules.ts";
import { httpBackendsOf } from "../http/http-backends.ts";
import { httpRulesOf } from "../http/http-rules.ts";
import type { Inputs } from "../inputs.ts";
import { streamBackendsOf } from "../stream/stream-rules.ts";
import { type MatchedRule, type RouteRules, routeRulesKey } from "./route-rules.ts";
import { RuleScope, sortedByKey } from "./rule-scope.ts";

export interface RuleSources {
  readonly inputs: Inputs;
  readonly parentResults: Collection<ParentResult>;
  readonly grants: Grants;
  readonly tlsBindings: Collection<TlsBinding>;
  /** By "namespace/name" of the Gateway: what it presents to backends. */
  readonly clientCertificates: Collection<{ readonly key: string; readonly certificate: CertificateKey }>;
}

export function deriveRules(graph: Graph, sources: RuleSources): Collection<RouteRules> {
  const { inputs, parentResults, grants, tlsBindings, clientCertificates } = sources;
  const pairs = graph.groups<ParentResult>({
    name: "translate/RoutesOfGateways",
    of: parentResults,
    by: (result) => [routeRulesKey(result.route.object, result.gateway)],
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
      inputs.services,
      inputs.xBackends,
      inputs.trustFacts,
      inputs.certificateFacts,
      grants.of,
      tlsBindings,
      clientCertificates,
    ],
    map: ({ members: [parent] }, read) => {
      const route = parent && routeOf(parent.route, inputs, read);
      return parent && route ? [rulesOf(route, parent.route, parent.gateway, sources, read)] : [];
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
  reference: RouteReference,
  gateway: NamespacedName,
  sources: RuleSources,
  read: Reader,
): RouteRules {
  const scope = new RuleScope();
  const look = lookupFor(reference, gateway, sources, read);
  const resolve = (backend: BackendObjectReference): Resolution => {
    const resolution = resolveBackend(backend, reference.namespace, look);
    if (resolution.kind !== "unresolved") scope.targets.add(targetOf(resolution.origin));
    if (resolution.kind === "resolved" && resolution.bundle)
      scope.bundles.set(resolution.bundle.key, resolution.bundle);
    return resolution;
  };
  const served = servedRulesOf(route, reference, gateway, resolve, scope);
  return {
    key: routeRulesKey(reference.object, gateway),
    route: reference,
    gateway,
    httpRules: served.httpRules ?? [],
    streamBackends: served.streamBackends ?? [],
    backends: sortedByKey(scope.backends),
    bundles: sortedByKey(scope.bundles),
    targets: [...scope.targets].sort(compareText),
    resolvedRefs: scope.resolvedRefs(),
    problems: scope.problems,
    ruleCount: (route.spec.rules ?? []).length,
    dropped: scope.dropped,
    notices: scope.notices,
  };
}

const targetOf = ({ kind, namespace, name }: BackendOrigin): string => `${kind}/${namespace}/${name}`;

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

function lookupFor(route: RouteReference, gateway: NamespacedName, sources: RuleSources, read: Reader): BackendLookup {
  const { inputs, grants, tlsBindings, clientCertificates } = sources;
  const from = { group: gatewayGroup, kind: route.kind, namespace: route.namespace };
  return {
    transport: route.kind === "UDPRoute" ? "UDP" : "TCP",
    service: (namespace, name) =>
      read.pick(
        inputs.services,
        objectKey({ group: "", kind: "Service", namespace, name }),
        (service) => service && { spec: service.spec },
      ),
    xBackend: (namespace, name) => read.get(inputs.xBackends, xBackendKey(namespace, name)),
    permits: (to) => isGranted(read, grants, from, to),
    tlsPolicy: (namespace, service, port) => tlsPolicyFor(read, tlsBindings, namespace, service, port.name),
    xBackendResult: (backend) => xBackendResultOf(backend, xBackendLookup(inputs, grants, read)),
    clientCertificate: read.get(clientCertificates, `${gateway.namespace}/${gateway.name}`)?.certificate,
  };
}

const xBackendKey = (namespace: string, name: string): ObjectKey =>
  objectKey({ group: experimentalGroup, kind: "XBackend", namespace, name });
