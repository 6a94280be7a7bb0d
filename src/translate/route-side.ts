/**
 * The route side of translation: from attachments and the resources that routes refer to, to virtual hosts, backends,
 * endpoints, and the statuses of routes and policies.
 */
import type { Collection, Graph } from "../collections/index.ts";
import type { Backend, CertificateKey, EndpointSet, StreamBackend, TrustBundle, VirtualHost } from "../model/index.ts";
import type { BackendAccess } from "./access/derive-backend-access.ts";
import type { Attachment, ParentResult } from "./attachment.ts";
import { derivePolicyStatuses } from "./backend-tls/derive-policy-statuses.ts";
import type { BackendPolicyDerivations } from "./backend-policies/backend-policy-bindings.ts";
import { deriveBackendPolicyStatuses } from "./backend-policies/derive-backend-policy-statuses.ts";
import type { BackendTlsDerivations } from "./backend-tls/tls-bindings.ts";
import type { BackendUser } from "./backends/backend-user.ts";
import { deriveBackends } from "./backends/derive-backends.ts";
import type { Finding } from "./finding.ts";
import type { Grants } from "./grants.ts";
import type { Inputs } from "./inputs.ts";
import type { ListenerFilters, TableGuards } from "./listeners/listener-filters.ts";
import type { GatewayMember } from "./mesh/gateway-members.ts";
import type { ObjectStatus } from "./object-status.ts";
import { deriveRouteStatuses } from "./route-status/derive-route-statuses.ts";
import { deriveRules } from "./rules/derive-rules.ts";
import { deriveGatewayUses } from "./policies/gateway-uses.ts";
import { deriveTelemetryStatuses } from "./telemetry/derive-telemetry-statuses.ts";
import type { TranslateSettings } from "./settings.ts";
import type { TelemetryBinding } from "./telemetry/telemetry-bindings.ts";
import type { TelemetryClaim } from "./telemetry/telemetry-claims.ts";
import type { TrafficDerivations } from "./traffic-policies/traffic-bindings.ts";
import { deriveTrafficStatuses } from "./traffic-policies/derive-traffic-statuses.ts";
import { deriveIdleRouteFindings } from "./stream/idle-route-findings.ts";
import { deriveReachFindings } from "./virtual-hosts/reach-findings.ts";
import { deriveVirtualHosts, type ListenerHost } from "./virtual-hosts/derive-virtual-hosts.ts";

/** What the Gateway side has worked out. */
export interface RouteSideSources {
  readonly inputs: Inputs;
  readonly controllerName: string;
  readonly mesh: TranslateSettings["mesh"];
  readonly gatewayMembers: Collection<GatewayMember>;
  /** Those in the mesh who send without a route. */
  readonly straightUsers: Collection<BackendUser>;
  readonly parentResults: Collection<ParentResult>;
  readonly attachments: Collection<Attachment>;
  readonly listenerHosts: Collection<ListenerHost>;
  readonly listenerFilters: Collection<ListenerFilters>;
  readonly guards: Collection<TableGuards>;
  readonly tlsPolicies: BackendTlsDerivations;
  readonly trafficPolicies: TrafficDerivations;
  readonly backendPolicies: BackendPolicyDerivations;
  readonly backendAccess: Collection<BackendAccess>;
  readonly telemetryClaims: Collection<TelemetryClaim>;
  readonly telemetry: Collection<TelemetryBinding>;
  readonly grants: Grants;
  /** By "namespace/name" of the Gateway: what it presents to backends, where that resolves. */
  readonly clientCertificates: Collection<{ readonly key: string; readonly certificate: CertificateKey }>;
}

export interface RouteSide {
  readonly virtualHosts: Collection<VirtualHost>;
  readonly backends: Collection<Backend>;
  readonly streamBackends: Collection<StreamBackend>;
  readonly endpointSets: Collection<EndpointSet>;
  readonly wantedNames: Collection<{ readonly key: string }>;
  /** Trust that backends' TLS needs; several may want the same bundle. */
  readonly wantedBundles: Collection<{ readonly key: string; readonly bundle: TrustBundle }>;
  /** Client certificates that XBackends name. */
  readonly wantedCertificates: Collection<{ readonly key: string; readonly certificate: CertificateKey }>;
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveRouteSide(graph: Graph, sources: RouteSideSources): RouteSide {
  const { inputs, attachments, listenerHosts } = sources;
  const { results, bindings } = sources.tlsPolicies;
  const trafficBindings = sources.trafficPolicies.bindings;
  const policyBindings = sources.backendPolicies.bindings;
  const rules = deriveRules(graph, { ...sources, tlsBindings: bindings, trafficBindings, policyBindings });
  const users = graph.union<BackendUser>({
    name: "translate/BackendUsers",
    of: [rules, sources.listenerFilters, sources.telemetry, sources.straightUsers],
  });
  const routes = deriveRouteStatuses(graph, sources, rules);
  const uses = deriveGatewayUses(graph, users);
  const policies = derivePolicyStatuses(graph, { ...sources, uses, results, bindings });
  const traffic = deriveTrafficStatuses(graph, sources.trafficPolicies, uses, sources.controllerName);
  const { controllerName } = sources;
  const wishes = deriveBackendPolicyStatuses(graph, {
    ...sources.backendPolicies,
    inputs,
    uses,
    controllerName,
    hasMesh: sources.mesh !== undefined,
  });
  const telemetry = deriveTelemetryStatuses(graph, {
    policies: inputs.telemetryPolicies,
    claims: sources.telemetryClaims,
    bindings: sources.telemetry,
    controllerName,
  });
  const backends = deriveBackends(graph, inputs, users, sources.mesh && { ...sources.mesh, ...sources });
  const virtualHosts = deriveVirtualHosts(graph, { attachments, listenerHosts, guards: sources.guards, rules });
  return {
    ...backends,
    virtualHosts,
    wantedBundles: graph.derive({
      name: "translate/BundlesOfBackends",
      key: (wanted: { readonly key: string; readonly bundle: TrustBundle }) => wanted.key,
      from: users,
      map: ({ key, bundles }) => bundles.map((bundle) => ({ key: `${key}>${bundle.key}`, bundle })),
    }),
    wantedCertificates: graph.derive({
      name: "translate/CertificatesOfBackends",
      key: (wanted: { readonly key: string; readonly certificate: CertificateKey }) => wanted.key,
      from: backends.backends,
      map: ({ key, tls }) =>
        tls?.clientCertificate ? [{ key: `${key}>${tls.clientCertificate}`, certificate: tls.clientCertificate }] : [],
    }),
    statuses: graph.union({
      name: "translate/RouteSideStatuses",
      of: [routes.statuses, policies.statuses, traffic.statuses, wishes.statuses, telemetry.statuses],
    }),
    findings: graph.union({
      name: "translate/RouteSideFindings",
      of: [
        routes.findings,
        policies.findings,
        traffic.findings,
        wishes.findings,
        telemetry.findings,
        backends.findings,
        deriveReachFindings(graph, virtualHosts),
        deriveIdleRouteFindings(graph, attachments),
      ],
    }),
  };
}
