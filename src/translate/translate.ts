/**
 * The whole of translation as one graph: resources and facts in, the model, statuses and findings out. Here the derivations
 * are only put together; what each does stands in its own folder.
 */
import type { Graph } from "../collections/index.ts";
import { deriveAccess } from "./access/derive-access.ts";
import { deriveAccessStatuses } from "./access/derive-access-statuses.ts";
import { deriveGatewayAccess } from "./access/derive-gateway-access.ts";
import { deriveAttachPoints } from "./attach/attach-points.ts";
import { type Attachments, deriveAttachments } from "./attach/derive-attachments.ts";
import { deriveCertificates, deriveTrustBundles } from "./certificates/derive-certificates.ts";
import { deriveExpiryFindings } from "./certificates/expired-certificates.ts";
import type { Finding } from "./finding.ts";
import { deriveGatewaySide, type GatewaySide } from "./gateway-side.ts";
import { type AttachedRoutes, deriveAttachedRoutes } from "./gateway-status/attached-routes.ts";
import { deriveGatewayStatuses } from "./gateway-status/derive-gateway-statuses.ts";
import { deriveListenerSetResults } from "./gateway-status/derive-listener-set-statuses.ts";
import { deriveListenerResults } from "./gateway-status/derive-listener-statuses.ts";
import { deriveGatewayFindings } from "./gateway-status/gateway-findings.ts";
import { deriveInfrastructure } from "./gateways/derive-infrastructure.ts";
import { type Grants, indexGrants } from "./grants.ts";
import type { Inputs, MeshMember } from "./inputs.ts";
import { deriveTableGuards } from "./listeners/listener-filters.ts";
import { deriveMeshStatuses } from "./mesh/derive-mesh-statuses.ts";
import { deriveGatewayMembers } from "./mesh/gateway-members.ts";
import { deriveMeshSide, type MeshPaths, type MeshSide } from "./mesh/mesh-side.ts";
import { deriveOutsideFindings } from "./mesh/outside-findings.ts";
import type { ObjectStatus } from "./object-status.ts";
import { deriveRouteSide, type RouteSide } from "./route-side.ts";
import type { TranslateSettings } from "./settings.ts";
import { deriveSockets } from "./sockets/derive-sockets.ts";
import { deriveListenerHosts, deriveRouteTables } from "./sockets/listener-hosts.ts";
import { deriveMeshTelemetry } from "./telemetry/telemetry-bindings.ts";
import type { Translation } from "./translation.ts";
import { deriveWantedResources } from "./wanted-resources.ts";
import { deriveWorkloadStatuses, type WorkloadStatuses } from "./workloads/derive-workload-statuses.ts";
import { deriveWorkloads, type Workloads } from "./workloads/derive-workloads.ts";
import { deriveWorkloadSockets } from "./workloads/workload-sockets.ts";

export function translate(graph: Graph, given: Inputs, settings: TranslateSettings): Translation {
  const workloads = deriveWorkloads(graph, given.workloads);
  const inputs = { ...given, meshMembers: deriveMembers(graph, given, workloads) };
  const grants = indexGrants(graph, inputs.referenceGrants);
  const gatewaySide = deriveGatewaySide(graph, inputs, grants, settings);
  const { gateways, listenerSets, listeners } = gatewaySide;
  const points = deriveAttachPoints(graph, gateways, listenerSets, listeners);
  const attached = deriveAttachments(graph, points, inputs, settings.mesh);
  const meshSide = deriveMeshSide(graph, inputs, gatewaySide.backendPolicies.bindings, settings.mesh);
  const routeSide = deriveRoutes(graph, { inputs, settings, grants, gatewaySide, attached, meshSide });
  const paths = meshSide.derivePaths(attached.attachments, routeSide.streamBackends);
  const workloadSide = deriveWorkloadSide(graph, inputs, workloads, paths.frontends);
  const sides: Sides = { inputs, settings, gatewaySide, attached, routeSide, paths, workloads, workloadSide };
  const model = deriveModel(graph, sides);
  return {
    ...model,
    ...deriveJudgements(graph, sides, model.certificates),
    inputs,
    attachments: attached.attachments,
    wantedNames: routeSide.wantedNames,
    wantedResources: deriveWantedResources(graph, { ...inputs, gateways, listenerSets }),
    infrastructure: deriveInfrastructure(graph, gatewaySide),
    listenerGenerations: graph.union({
      name: "translate/AllListenerGenerations",
      of: [gatewaySide.listenerGenerations, workloads.generations],
    }),
  };
}

/** All that the outputs are put together from. */
interface Sides {
  readonly inputs: Inputs;
  readonly settings: TranslateSettings;
  readonly gatewaySide: GatewaySide;
  readonly attached: Attachments;
  readonly routeSide: RouteSide;
  readonly paths: MeshPaths;
  readonly workloads: Workloads;
  readonly workloadSide: WorkloadSide;
}

interface WorkloadSide extends WorkloadStatuses {
  readonly sockets: Translation["workloadSockets"];
}

/** What proxies are given. */
type Model = Omit<
  Translation,
  | keyof Judgements
  | "inputs"
  | "attachments"
  | "wantedNames"
  | "wantedResources"
  | "infrastructure"
  | "listenerGenerations"
>;

/** What the authors of objects are told. */
type Judgements = Pick<Translation, "statuses" | "findings">;

/** Pods of the cluster that are in the mesh, and Workloads of files. */
const deriveMembers = (graph: Graph, { meshMembers }: Inputs, { members }: Workloads): Inputs["meshMembers"] =>
  graph.union<MeshMember>({ name: "translate/MeshMembers", of: [meshMembers, members] });

interface RouteSources extends Pick<Sides, "inputs" | "settings" | "gatewaySide" | "attached"> {
  readonly grants: Grants;
  readonly meshSide: MeshSide;
}

function deriveRoutes(graph: Graph, sources: RouteSources): RouteSide {
  const { inputs, settings, grants, gatewaySide, attached, meshSide } = sources;
  const { listeners, listenerFilters } = gatewaySide;
  return deriveRouteSide(graph, {
    ...gatewaySide,
    ...attached,
    inputs,
    grants,
    controllerName: settings.controllerName,
    mesh: settings.mesh,
    gatewayMembers: deriveGatewayMembers(graph, gatewaySide, settings.mesh?.gateways),
    straightUsers: meshSide.straightUsers,
    listenerHosts: deriveListenerHosts(graph, listeners),
    guards: deriveTableGuards(graph, listeners, listenerFilters),
    clientCertificates: gatewaySide.presented,
  });
}

/** What Workloads listen on, by what they call, and what became of them. */
function deriveWorkloadSide(
  graph: Graph,
  { workloads: objects, services, socketReports: reports }: Inputs,
  workloads: Workloads,
  frontends: Translation["frontends"],
): WorkloadSide {
  const called = { services, frontends };
  const sockets = deriveWorkloadSockets(graph, workloads.held, called);
  return { sockets, ...deriveWorkloadStatuses(graph, { objects, workloads, called, sockets, reports }) };
}

function deriveModel(graph: Graph, sides: Sides): Model {
  const { inputs, settings, gatewaySide, attached, routeSide, paths, workloads, workloadSide } = sides;
  const { virtualHosts, backends, endpointSets, streamBackends, wantedCertificates, wantedBundles } = routeSide;
  const { listeners, telemetry } = gatewaySide;
  return {
    virtualHosts,
    backends,
    endpointSets,
    streamBackends,
    sockets: deriveSockets(graph, {
      listeners,
      attachments: attached.attachments,
      streamBackends,
      telemetry,
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
    telemetry: deriveMeshTelemetry(graph, telemetry),
    certificates: deriveCertificates(graph, {
      listeners,
      clientCertificates: gatewaySide.clientCertificates,
      ofBackends: wantedCertificates,
      secrets: inputs.secrets,
    }),
    trustBundles: deriveTrustBundles(graph, gatewaySide.tls, wantedBundles),
  };
}

function deriveJudgements(graph: Graph, sides: Sides, certificates: Translation["certificates"]): Judgements {
  const { inputs, settings, gatewaySide, attached, routeSide, workloadSide } = sides;
  const { mesh } = settings;
  const attachedRoutes = deriveAttachedRoutes(graph, attached.bindings, routeSide.statuses);
  const judged = [
    gatewaySide,
    deriveOwnStatuses(graph, inputs, gatewaySide, attachedRoutes),
    routeSide,
    deriveMeshStatuses(graph, inputs.meshes, settings),
    deriveAccessStatuses(graph, {
      policies: inputs.accessPolicies,
      members: inputs.meshMembers,
      gateways: { stated: inputs.gateways, ours: gatewaySide.gateways },
      backends: inputs.xBackends,
      settings,
    }),
    workloadSide,
  ];
  return {
    statuses: graph.union<ObjectStatus>({
      name: "translate/Statuses",
      of: judged.map(({ statuses }) => statuses),
    }),
    findings: graph.union<Finding>({
      name: "translate/Findings",
      of: [
        ...judged.map(({ findings }) => findings),
        attached.findings,
        ...(mesh?.networks ? [deriveOutsideFindings(graph, inputs, mesh.networks)] : []),
        ...(inputs.clock ? [deriveExpiryFindings(graph, certificates, inputs.certificateFacts, inputs.clock)] : []),
      ],
    }),
  };
}

/** Statuses of Gateways and ListenerSets, which count routes and wait for proxies. */
function deriveOwnStatuses(
  graph: Graph,
  { socketReports }: Inputs,
  side: GatewaySide,
  attachedRoutes: AttachedRoutes,
): Judgements {
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
