/** The records of a whole model, in the order of their names: fills sources, derives, reads. */
import { Graph } from "../../src/collections/index.ts";
import type { Source } from "../../src/collections/index.ts";
import { defaultSettings, envoyResources } from "../../src/envoy/index.ts";
import type { EnvoyInputs, EnvoyRecord, EnvoySettings } from "../../src/envoy/index.ts";

export type Sources = { readonly [Name in keyof EnvoyInputs]: Source<ModelOf<Name>> };
type ModelOf<Name extends keyof EnvoyInputs> = EnvoyInputs[Name] extends { get(key: string): (infer T) | undefined }
  ? T
  : never;

/** All of a model's objects; a kind that is absent has none. */
export type Model = { readonly [Name in keyof EnvoyInputs]?: readonly ModelOf<Name>[] };

/** Empty sources for a model. */
export function modelSources(graph: Graph): Sources {
  const source = <T extends { readonly key: string }>(name: string): Source<T> =>
    graph.source<T>({ name: `model/${name}`, key: ({ key }) => key });
  return {
    sockets: source("Sockets"),
    routeTables: source("RouteTables"),
    virtualHosts: source("VirtualHosts"),
    backends: source("Backends"),
    endpointSets: source("EndpointSets"),
    streamBackends: source("StreamBackends"),
    certificates: source("Certificates"),
    trustBundles: source("TrustBundles"),
    frontends: source("Frontends"),
    destinations: source("Destinations"),
    outbounds: source("Outbounds"),
    workloadSockets: source("WorkloadSockets"),
    access: source("Access"),
    telemetry: source("Telemetry"),
    gatewayAccess: source("GatewayAccess"),
    workloadCertificates: source("WorkloadCertificates"),
    meshTrust: source("MeshTrust"),
  };
}

/** Puts the objects of a model into its sources. */
export function fill(sources: Sources, model: Model): void {
  const put = <T>(source: Source<T>, values: readonly T[] = []): void => values.forEach((value) => source.set(value));
  put(sources.sockets, model.sockets);
  put(sources.routeTables, model.routeTables);
  put(sources.virtualHosts, model.virtualHosts);
  put(sources.backends, model.backends);
  put(sources.endpointSets, model.endpointSets);
  put(sources.streamBackends, model.streamBackends);
  put(sources.certificates, model.certificates);
  put(sources.trustBundles, model.trustBundles);
  put(sources.frontends, model.frontends);
  put(sources.destinations, model.destinations);
  put(sources.outbounds, model.outbounds);
  put(sources.workloadSockets, model.workloadSockets);
  put(sources.access, model.access);
  put(sources.telemetry, model.telemetry);
  put(sources.gatewayAccess, model.gatewayAccess);
  put(sources.workloadCertificates, model.workloadCertificates);
  put(sources.meshTrust, model.meshTrust);
}

export function recordsOf(model: Model, settings: Partial<EnvoySettings> = {}): readonly EnvoyRecord[] {
  const graph = new Graph();
  const sources = modelSources(graph);
  const resources = envoyResources(graph, sources, { ...defaultSettings, ...settings });
  graph.batch(() => fill(sources, model));
  if (graph.failures.size > 0) throw new AggregateError([...graph.failures.values()], "a derivation failed");
  const nameOf = ({ kind, name }: EnvoyRecord): string => `${kind}/${name}`;
  return [...resources.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}
