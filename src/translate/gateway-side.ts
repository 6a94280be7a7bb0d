/**
 * The Gateway side of translation: everything about Gateways, ListenerSets and listeners, and the policies on what they call, that
 * depends on no route.
 */
import type { Collection, Graph } from "../collections/index.ts";
import type { CertificateKey } from "../model/index.ts";
import { type BackendAccess, deriveBackendAccess } from "./access/derive-backend-access.ts";
import {
  type BackendPolicyDerivations,
  deriveBackendPolicyBindings,
} from "./backend-policies/backend-policy-bindings.ts";
import { type BackendTlsDerivations, deriveTlsBindings } from "./backend-tls/tls-bindings.ts";
import type { BackendSources } from "./backends/backend-lookup.ts";
import { type ClientCertificate, deriveClientCertificates } from "./certificates/client-certificates.ts";
import type { Finding } from "./finding.ts";
import { deriveGatewayClasses, type OwnClass } from "./gateways/gateway-classes.ts";
import { deriveListenerSets, deriveOrphanFindings, type ManagedListenerSet } from "./gateways/listener-sets.ts";
import { deriveClasslessFindings, deriveManagedGateways, type ManagedGateway } from "./gateways/managed-gateways.ts";
import { deriveParameters, deriveParametersFindings, type ParametersOfGateway } from "./gateways/parameters.ts";
import { derivePlacements, type Placement } from "./gateways/placements.ts";
import type { Grants } from "./grants.ts";
import type { Inputs } from "./inputs.ts";
import type { Listener, ListenerGeneration } from "./listener.ts";
import { deriveListeners } from "./listeners/derive-listeners.ts";
import { deriveListenerClaims, deriveListenerGenerations } from "./listeners/listener-claims.ts";
import { deriveListenerFilters, type ListenerFilters } from "./listeners/listener-filters.ts";
import { deriveListenerTls, type ListenerTls } from "./listeners/listener-tls.ts";
import type { ObjectStatus } from "./object-status.ts";
import type { TranslateSettings } from "./settings.ts";
import { deriveTelemetryBindings, type TelemetryBinding } from "./telemetry/telemetry-bindings.ts";
import { deriveTelemetryClaims, type TelemetryClaim } from "./telemetry/telemetry-claims.ts";
import { deriveTrafficBindings, type TrafficDerivations } from "./traffic-policies/traffic-bindings.ts";

export interface GatewaySide extends StatedGateways, BackendPolicies {
  readonly tls: Collection<ListenerTls>;
  readonly listenerFilters: Collection<ListenerFilters>;
  readonly listeners: Collection<Listener>;
  readonly listenerGenerations: Collection<ListenerGeneration>;
  readonly clientCertificates: Collection<ClientCertificate>;
  /** By "namespace/name" of the Gateway: what it presents to backends, where that resolves. */
  readonly presented: Collection<PresentedCertificate>;
  readonly telemetryClaims: Collection<TelemetryClaim>;
  readonly telemetry: Collection<TelemetryBinding>;
  /** Of GatewayClasses. */
  readonly statuses: Collection<ObjectStatus>;
  /** What no status can tell. */
  readonly findings: Collection<Finding>;
}

/** The Gateways that are ours, with the ListenerSets that they allow, and where their proxies are. */
interface StatedGateways {
  readonly gateways: Collection<ManagedGateway>;
  readonly listenerSets: Collection<ManagedListenerSet>;
  readonly parameters: Collection<ParametersOfGateway>;
  readonly placements: Collection<Placement>;
}

/** What policies wish for calls to backends. */
interface BackendPolicies {
  readonly tlsPolicies: BackendTlsDerivations;
  readonly trafficPolicies: TrafficDerivations;
  readonly backendPolicies: BackendPolicyDerivations;
  readonly backendAccess: Collection<BackendAccess>;
}

interface PresentedCertificate {
  readonly key: string;
  readonly certificate: CertificateKey;
}

export function deriveGatewaySide(
  graph: Graph,
  inputs: Inputs,
  grants: Grants,
  settings: TranslateSettings,
): GatewaySide {
  const { certificateFacts, trustFacts, telemetryPolicies, meshes } = inputs;
  const { classes, statuses, findings } = deriveGatewayClasses(graph, inputs, settings);
  const stated = deriveStatedGateways(graph, inputs, classes, settings);
  const { gateways } = stated;
  const policies = deriveBackendPolicies(graph, inputs, settings.mesh);
  const clientCertificates = deriveClientCertificates(graph, gateways, { grants, certificateFacts });
  const presented = derivePresentedCertificates(graph, clientCertificates);
  const backendSources = backendSourcesOf(inputs, grants, policies, presented);
  const claims = deriveListenerClaims(graph, stated);
  const tls = deriveListenerTls(graph, claims, { gateways, grants, certificateFacts, trustFacts });
  const listenerFilters = deriveListenerFilters(graph, claims, backendSources);
  const telemetryClaims = deriveTelemetryClaims(graph, {
    policies: telemetryPolicies,
    gateways,
    meshes,
    mesh: settings.mesh,
  });
  return {
    ...stated,
    ...policies,
    clientCertificates,
    presented,
    tls,
    listenerFilters,
    listeners: deriveListeners(graph, claims, { tls, listenerFilters, parameters: stated.parameters }),
    listenerGenerations: deriveListenerGenerations(graph, stated),
    telemetryClaims,
    telemetry: deriveTelemetryBindings(graph, telemetryClaims, backendSources),
    statuses,
    findings: graph.union<Finding>({
      name: "translate/LostGatewayFindings",
      of: [
        findings,
        deriveParametersFindings(graph, stated.parameters, settings),
        deriveClasslessFindings(graph, inputs.gateways, inputs.gatewayClasses),
        deriveOrphanFindings(graph, inputs.listenerSets, inputs.gateways),
      ],
    }),
  };
}

function deriveStatedGateways(
  graph: Graph,
  inputs: Inputs,
  classes: Collection<OwnClass>,
  settings: TranslateSettings,
): StatedGateways {
  const gateways = deriveManagedGateways(graph, inputs.gateways, classes, settings);
  const parameters = deriveParameters(graph, gateways, classes, inputs.gatewayParameters);
  return {
    gateways,
    parameters,
    placements: derivePlacements(graph, { gateways, parameters }, inputs, settings),
    listenerSets: deriveListenerSets(graph, inputs.listenerSets, gateways, inputs.namespaces),
  };
}

const deriveBackendPolicies = (graph: Graph, inputs: Inputs, mesh: TranslateSettings["mesh"]): BackendPolicies => ({
  tlsPolicies: deriveTlsBindings(graph, inputs),
  trafficPolicies: deriveTrafficBindings(graph, inputs.backendTrafficPolicies),
  backendPolicies: deriveBackendPolicyBindings(graph, inputs.backendPolicies),
  backendAccess: deriveBackendAccess(graph, inputs.accessPolicies, mesh?.trustDomain),
});

const backendSourcesOf = (
  inputs: Inputs,
  grants: Grants,
  { tlsPolicies, trafficPolicies, backendPolicies, backendAccess }: BackendPolicies,
  clientCertificates: Collection<PresentedCertificate>,
): BackendSources => ({
  inputs,
  grants,
  tlsBindings: tlsPolicies.bindings,
  trafficBindings: trafficPolicies.bindings,
  policyBindings: backendPolicies.bindings,
  backendAccess,
  clientCertificates,
});

const derivePresentedCertificates = (
  graph: Graph,
  clientCertificates: Collection<ClientCertificate>,
): Collection<PresentedCertificate> =>
  graph.derive({
    name: "translate/CertificatesByGateway",
    key: ({ key }: PresentedCertificate) => key,
    from: clientCertificates,
    map: ({ gateway, certificate }: ClientCertificate) =>
      certificate === undefined ? [] : [{ key: gateway, certificate }],
  });
