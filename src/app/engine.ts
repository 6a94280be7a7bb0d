/**
 * The engine without anything around it: the graph, its sources, the facts that need Node, and translation. `serve` puts
 * Envoy behind it, `check` only looks at what comes out.
 */
import { Graph, type Source } from "../collections/index.ts";
import type { EnvoyInputs } from "../envoy/index.ts";
import type { AskedDestination, MeshTrust, WorkloadCertificate } from "../model/index.ts";
import type { KnownObject, ObjectKey } from "../resources/index.ts";
import { deriveAddressFacts, deriveCertificateFacts, deriveTrustFacts, type ObjectChange } from "../sources/index.ts";
import {
  type BundleFact,
  type ClockFact,
  createResourceSources,
  type GatewayAddressFact,
  type MeshMember,
  type ResolvedName,
  type ResourceSources,
  type RouteReport,
  type SocketReport,
  SOURCE_OF_KIND,
  translate,
  type TranslateSettings,
  type Translation,
} from "../translate/index.ts";

/** Facts that a driver writes. */
export interface DrivenFacts {
  readonly resolvedNames: Source<ResolvedName>;
  readonly socketReports: Source<SocketReport>;
  readonly routeReports: Source<RouteReport>;
  readonly clock: Source<ClockFact>;
  /** Empty where no cluster says which CRDs it has. */
  readonly bundle: Source<BundleFact>;
  /** Read only where Gateways have addresses of a load balancer. */
  readonly gatewayAddresses: Source<GatewayAddressFact>;
  readonly meshMembers: Source<MeshMember>;
  /** Written by whoever serves the proxies of the mesh. */
  readonly askedDestinations: Source<AskedDestination>;
  /** Of proxies of the mesh; they go to Envoy as they are. */
  readonly workloadCertificates: Source<WorkloadCertificate>;
  readonly meshTrust: Source<MeshTrust>;
}

export interface Engine {
  readonly graph: Graph;
  readonly sources: ResourceSources;
  readonly driven: DrivenFacts;
  readonly translation: Translation;
  /** What Envoy resources are made of: translation's, and what goes to proxies without anything being translated. */
  readonly model: EnvoyInputs;
  /** Makes `objects` the whole state, in one step: what is not in it is removed. */
  replaceObjects(objects: ReadonlyMap<ObjectKey, KnownObject>): void;
  /** Takes up changes, in one step, for whoever is told of changes and not of states. */
  applyChanges(changes: readonly ObjectChange[]): void;
}

export function createEngine(settings: TranslateSettings): Engine {
  const graph = new Graph();
  const sources = createResourceSources(graph);
  const driven: DrivenFacts = {
    resolvedNames: graph.source<ResolvedName>({ name: "facts/ResolvedNames", key: (fact) => fact.key }),
    socketReports: graph.source<SocketReport>({ name: "facts/SocketReports", key: (fact) => fact.key }),
    routeReports: graph.source<RouteReport>({ name: "facts/RouteReports", key: (fact) => fact.key }),
    clock: graph.source<ClockFact>({ name: "facts/Clock", key: (fact) => fact.key }),
    bundle: graph.source<BundleFact>({ name: "facts/Bundle", key: (fact) => fact.key }),
    gatewayAddresses: graph.source<GatewayAddressFact>({ name: "facts/GatewayAddresses", key: (fact) => fact.key }),
    meshMembers: graph.source<MeshMember>({ name: "facts/MeshMembers", key: (fact) => fact.key }),
    workloadCertificates: graph.source<WorkloadCertificate>({
      name: "facts/WorkloadCertificates",
      key: (fact) => fact.key,
    }),
    askedDestinations: graph.source<AskedDestination>({ name: "facts/AskedDestinations", key: (fact) => fact.key }),
    meshTrust: graph.source<MeshTrust>({ name: "facts/MeshTrust", key: (fact) => fact.key }),
  };
  const inputs = {
    ...sources,
    ...driven,
    certificateFacts: deriveCertificateFacts(graph, sources.secrets),
    addressFacts: deriveAddressFacts(graph, sources.gateways),
    trustFacts: deriveTrustFacts(graph, sources),
  };
  const translation = translate(graph, inputs, settings);
  let present: ReadonlyMap<ObjectKey, KnownObject> = new Map();
  return {
    graph,
    sources,
    driven,
    translation,
    model: { ...translation, workloadCertificates: driven.workloadCertificates, meshTrust: driven.meshTrust },
    replaceObjects: (objects) => {
      graph.batch(() => {
        for (const [key, { kind }] of present) if (!objects.has(key)) sources[SOURCE_OF_KIND[kind]].delete(key);
        for (const [key, object] of objects) if (present.get(key) !== object) setObject(sources, object);
      });
      present = objects;
    },
    applyChanges: (changes) => {
      graph.batch(() => {
        for (const change of changes) {
          if (change.kind === "set") setObject(sources, change.object);
          else sources[SOURCE_OF_KIND[change.of]].delete(change.key);
        }
      });
    },
  };
}

function setObject(sources: ResourceSources, object: KnownObject): void {
  // The table pairs each kind with the source of its type, which the compiler cannot follow through the lookup.
  const source = sources[SOURCE_OF_KIND[object.kind]] as Source<KnownObject>;
  source.set(object);
}
