/**
 * The whole of translation as one graph: resources and facts in, the model, statuses and findings out. Here the derivations
 * are only put together; what each does stands in its own folder.
 */
import type { Graph } from "../collections/index.ts";
import type { CertificateKey } from "../model/index.ts";
import { deriveAccess } from "./access/derive-access.ts";
import { deriveBackendAccess } from "./access/derive-backend-access.ts";
import { deriveGatewayAccess } from "./access/derive-gateway-access.ts";
import { deriveAccessStatuses } from "./access/derive-access-statuses.ts";
import { deriveAttachPoints } from "./attach/attach-points.ts";
import { deriveAttachments } from "./attach/derive-attachments.ts";
import { type ClientCertificate, deriveClientCertificates } from "./certificates/client-certificates.ts";
import { deriveExpiryFindings } from "./certificates/expired-certificates.ts";
import { deriveCertificates, deriveTrustBundles } from "./certificates/derive-certificates.ts";
import type { Finding } from "./finding.ts";
import { deriveGatewayClasses } from "./gateways/gateway-classes.ts";
import { deriveListenerSets, deriveOrphanFindings } from "./gateways/listener-sets.ts";
import { deriveClasslessFindings, deriveManagedGateways } from "./gateways/managed-gateways.ts";
import { deriveInfrastructure } from "./gateways/derive-infrastructure.ts";
import { deriveParameters, deriveParametersFindings } from "./gateways/parameters.ts";
import { derivePlacements } from "./gateways/placements.ts";
import { deriveAttachedRoutes } from "./gateway-status/attached-routes.ts";
import { deriveGatewayFindings } from "./gateway-status/gateway-findings.ts";
import { deriveGatewayStatuses } from "./gateway-status/derive-gateway-statuses.ts";
import { deriveListenerSetResults } from "./gateway-status/derive-listener-set-statuses.ts";
import { deriveListenerResults } from "./gateway-status/derive-listener-statuses.ts";
import { type Grants, indexGrants } from "./grants.ts";
import type { Inputs, MeshMember } from "./inputs.ts";
import { deriveListenerFilters, deriveTableGuards } from "./listeners/listener-filters.ts";
import { deriveBackendPolicyBindings } from "./backend-policies/backend-policy-bindings.ts";
import { deriveTlsBindings } from "./backend-tls/tls-bindings.ts";
import { deriveListeners } from "./listeners/derive-listeners.ts";
import { deriveListenerClaims, deriveListenerGenerations } from "./listeners/listener-claims.ts";
import { deriveListenerTls } from "./listeners/listener-tls.ts";
import { deriveGatewayMembers } from "./mesh/gateway-members.ts";
import { deriveMeshStatuses } from "./mesh/derive-mesh-statuses.ts";
import { deriveOutsideFindings } from "./mesh/outside-findings.ts";
import { deriveMeshSide } from "./mesh/mesh-side.ts";
import type { ObjectStatus } from "./object-status.ts";
import { deriveRouteSide, type RouteSide } from "./route-side.ts";
import { deriveMeshTelemetry, deriveTelemetryBindings } from "./telemetry/telemetry-bindings.ts";
import { deriveTelemetryClaims } from "./telemetry/telemetry-claims.ts";
import { deriveTrafficBindings } from "./traffic-policies/traffic-bindings.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Translation } from "./translation.ts";
import { deriveWantedResources } from "./wanted-resources.ts";
import { deriveWorkloadStatuses } from "./workloads/derive-workload-statuses.ts";
import { deriveWorkloads } from "./workloads/derive-workloads.ts";
import { deriveWorkloadSockets } from "./workloads/workload-sockets.ts";
import { deriveSockets } from "./sockets/derive-sockets.ts";
import { deriveListenerHosts, deriveRouteTables } from "./sockets/listener-hosts.ts";

export function translate(graph: Graph, given: Inputs, settings: TranslateSettings): Translation {
  const workloads = deriveWorkloads(graph, given.workloads);
  const meshMembers = graph.union<MeshMember>({
    name: "translate/MeshMembers",
    of: [given.meshMembers, workloads.members],
  });
  const inputs = { ...given, meshMembers };
  const grants = indexGrants(graph, inputs.referenceGrants);
  const gatewaySide = deriveGatewaySide(graph, inputs, grants, settings);
  const { gateways, listenerSets, listeners, clientCertificates } = gatewaySide;
  const points = deriveAttachPoints(graph, gateways, listenerSets, listeners);
  const attached = deriveAttachments(graph, points, inputs, settings.mesh);
  const { attachments } = attached;
  const meshSide = deriveMeshSide(graph, inputs, gatewaySide.backendPolicies.bindings, settings.mesh);
  const routeSide = deriveRouteSide(graph, {
    ...gatewaySide,
    ...attached,
    inputs,
    grants,
    controllerName: settings.controllerName,
    mesh: settings.mesh,
    gatewayMembers: deriveGatewayMembers(graph, gatewaySide, settings.mesh?.gateways),
    straightUsers: meshSide.straightUsers,
    listenerHosts: deriveListenerHosts(graph, listeners),
    guards: deriveTableGuards(graph, listeners, gatewaySide.listenerFilters),
    clientCertificates: gatewaySide.presented,
  });
  const { streamBackends, wantedCertificates: ofBackends } = routeSide;
  const paths = meshSide.derivePaths(attachments, streamBackends);
  const attachedRoutes = deriveAttachedRoutes(graph, attached.bindings, routeSide.statuses);
  const ownStatuses = deriveOwnStatuses(graph, inputs, gatewaySide, attachedRoutes);
  const certificates = deriveCertificates(graph, {
    listeners,
    clientCertificates,
    ofBackends,
    secrets: inputs.secrets,
  });
  const workloadSide = deriveWorkloadSide(graph, inputs, workloads, paths.frontends);
  const accessStatuses = deriveAccessStatuses(graph, {
    policies: inputs.accessPolicies,
    members: inputs.meshMembers,
    gateways: { stated: inputs.gateways, ours: gateways },
    backends: inputs.xBackends,
    settings,
  });
  const meshStatuses = deriveMeshStatuses(graph, inputs.meshes, settings);
  const judged = [gatewaySide, ownStatuses, routeSide, meshStatuses, accessStatuses, workloadSide];
  return {
    ...modelOf(routeSide),
    inputs,
    wantedResources: deriveWantedResources(graph, { ...inputs, gateways, listenerSets }),
    attachments,
    sockets: deriveSockets(graph, {
      listeners,
      attachments,
      streamBackends,
      telemetry: gatewaySide.telemetry,
      takesMembers: settings.mesh?.gateways !== undefined,
    }),
    routeTables: graph.union({
      name: "translate/AllRouteTables",
      of: [deriveRouteTables(graph, listeners), paths.routeTables],
    }),
    frontends: paths.frontends,
    destinations: paths.destinations,
    outbounds: paths.outbounds,
    workloads: workloads.workloads,
    workloadSockets: workloadSide.sockets,
    access: deriveAccess(graph, inputs.accessPolicies, settings.mesh),
    gatewayAccess: deriveGatewayAccess(graph, inputs.accessPolicies, settings.mesh),
    telemetry: deriveMeshTelemetry(graph, gatewaySide.telemetry),
    certificates,
    trustBundles: deriveTrustBundles(graph, gatewaySide.tls, routeSide.wantedBundles),
    listenerGenerations: graph.union({
      name: "translate/AllListenerGenerations",
      of: [gatewaySide.listenerGenerations, workloads.generations],
    }),
    infrastructure: deriveInfrastructure(graph, gatewaySide),
    statuses: graph.union<ObjectStatus>({
      name: "translate/Statuses",
      of: judged.map(({ statuses }) => statuses),
    }),
    findings: graph.union<Finding>({
      name: "translate/Findings",
      of: [
        ...judged.map(({ findings }) => findings),
        attached.findings,
        ...(settings.mesh?.networks ? [deriveOutsideFindings(graph, inputs, settings.mesh.networks)] : []),
        ...(inputs.clock ? [deriveExpiryFindings(graph, certificates, inputs.certificateFacts, inputs.clock)] : []),
      ],
    }),
  };
}

const modelOf = ({ virtualHosts, backends, endpointSets, streamBackends, wantedNames }: RouteSide) => ({
  virtualHosts,
  backends,
  endpointSets,
  streamBackends,
  wantedNames,
});

type GatewaySide = ReturnType<typeof deriveGatewaySide>;

/** Everything about Gateways, ListenerSets and listeners that depends on no route. */
function deriveGatewaySide(graph: Graph, inputs: Inputs, grants: Grants, settings: TranslateSettings) {
  const { certificateFacts, trustFacts } = inputs;
  const { classes, statuses, findings } = deriveGatewayClasses(graph, inputs, settings);
  const gateways = deriveManagedGateways(graph, inputs.gateways, classes, settings);
  const parameters = deriveParameters(graph, gateways, classes, inputs.gatewayParameters);
  const placements = derivePlacements(graph, { gateways, parameters }, inputs, settings);
  const listenerSets = deriveListenerSets(graph, inputs.listenerSets, gateways, inputs.namespaces);
  const stated = { gateways, listenerSets, placements };
  const claims = deriveListenerClaims(graph, stated);
  const tls = deriveListenerTls(graph, claims, { gateways, grants, certificateFacts, trustFacts });
  const tlsPolicies = deriveTlsBindings(graph, inputs);
  const clientCertificates = deriveClientCertificates(graph, gateways, { grants, certificateFacts });
  const presented = certificatesByGateway(graph, clientCertificates);
  const trafficPolicies = deriveTrafficBindings(graph, inputs.backendTrafficPolicies);
  const backendPolicies = deriveBackendPolicyBindings(graph, inputs.backendPolicies);
  const backendAccess = deriveBackendAccess(graph, inputs.accessPolicies, settings.mesh?.trustDomain);
  const backendSources = {
    inputs,
    grants,
    tlsBindings: tlsPolicies.bindings,
    trafficBindings: trafficPolicies.bindings,
    policyBindings: backendPolicies.bindings,
    backendAccess,
    clientCertificates: presented,
  };
  const listenerFilters = deriveListenerFilters(graph, claims, backendSources);
  const { telemetryPolicies: policies, meshes } = inputs;
  const telemetryClaims = deriveTelemetryClaims(graph, { policies, gateways, meshes, mesh: settings.mesh });
  return {
    ...stated,
    parameters,
    tls,
    tlsPolicies,
    trafficPolicies,
    backendPolicies,
    backendAccess,
    telemetryClaims,
    telemetry: deriveTelemetryBindings(graph, telemetryClaims, backendSources),
    listenerFilters,
    presented,
    listeners: deriveListeners(graph, claims, { tls, listenerFilters, parameters }),
    listenerGenerations: deriveListenerGenerations(graph, stated),
    clientCertificates,
    statuses,
    findings: graph.union<Finding>({
      name: "translate/LostGatewayFindings",
      of: [
        findings,
        deriveParametersFindings(graph, parameters, settings),
        deriveClasslessFindings(graph, inputs.gateways, inputs.gatewayClasses),
        deriveOrphanFindings(graph, inputs.listenerSets, inputs.gateways),
      ],
    }),
  };
}

/** What Workloads listen on, by what they call, and what became of them. */
function deriveWorkloadSide(
  graph: Graph,
  { workloads: objects, services, socketReports: reports }: Inputs,
  workloads: ReturnType<typeof deriveWorkloads>,
  frontends: Translation["frontends"],
) {
  const called = { services, frontends };
  const sockets = deriveWorkloadSockets(graph, workloads.held, called);
  return { sockets, ...deriveWorkloadStatuses(graph, { objects, workloads, called, sockets, reports }) };
}

/** Statuses of Gateways and ListenerSets, which count routes and wait for proxies. */
function deriveOwnStatuses(
  graph: Graph,
  { socketReports }: Inputs,
  side: GatewaySide,
  attachedRoutes: ReturnType<typeof deriveAttachedRoutes>,
) {
  const listenerResults = deriveListenerResults(graph, { ...side, attachedRoutes, socketReports });
  const listenerSetResults = deriveListenerSetResults(graph, side.listenerSets, side.placements, listenerResults);
  const ofSets = graph.derive({
    name: "translate/StatusesOfListenerSets",
    key: (status: ObjectStatus) => status.key,
    from: listenerSetResults.of,
    map: ({ status }) => [status],
  });
  const ofGateways = deriveGatewayStatuses(graph, { ...side, listenerResults, listenerSetResults });
  return {
    statuses: graph.union<ObjectStatus>({ name: "translate/GatewaySideStatuses", of: [ofGateways, ofSets] }),
    findings: deriveGatewayFindings(graph, { ...side, results: listenerResults.of }),
  };
}

function certificatesByGateway(
  graph: Graph,
  clientCertificates: ReturnType<typeof deriveClientCertificates>,
): Parameters<typeof deriveRouteSide>[1]["clientCertificates"] {
  return graph.derive({
    name: "translate/CertificatesByGateway",
    key: ({ key }: { readonly key: string; readonly certificate: CertificateKey }) => key,
    from: clientCertificates,
    map: ({ gateway, certificate }: ClientCertificate) =>
      certificate === undefined ? [] : [{ key: gateway, certificate }],
  });
}
