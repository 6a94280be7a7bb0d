/** A real Envoy that serves a model: sources, derivations, the control plane's stream and the proxy, all in one. */
import { Graph } from "../../src/collections/index.ts";
import { envoyResources } from "../../src/envoy/index.ts";
import type { EnvoyRecord } from "../../src/envoy/index.ts";
import { ProxyGroup, startAdsServer } from "../../src/transport/index.ts";
import type { Fact } from "../../src/xds/index.ts";
import { startEnvoy } from "./envoy-process.ts";
import type { EnvoyProcess } from "./envoy-process.ts";
import { fill, modelSources } from "./model-records.ts";
import type { Model, Sources } from "./model-records.ts";

export interface ModelProxy {
  readonly envoy: EnvoyProcess;
  readonly sources: Sources;
  /** The names of the resources sent, in order, since the array was last emptied. */
  readonly sent: string[];
  readonly facts: Fact[];
  /** Whether the proxy has everything. */
  isSettled(): boolean;
  batch(change: (sources: Sources) => void): void;
  stop(): Promise<void>;
}

export async function startModelProxy(model: Model): Promise<ModelProxy> {
  const graph = new Graph();
  const sources = modelSources(graph);
  const resources = envoyResources(graph, sources);
  const sent: string[] = [];
  const facts: Fact[] = [];
  const group = new ProxyGroup({
    sent: (_proxy, message) => sent.push(...message.resources.map(({ name }) => name)),
    learnt: (_proxy, learnt) => facts.push(...learnt),
  });
  graph.batch(() => fill(sources, model));
  group.apply({ upserts: [...resources.values()], removals: [] });
  graph.subscribe(resources, (changes) => {
    const upserts: EnvoyRecord[] = changes.flatMap(({ after }) => after ?? []);
    group.apply({ upserts, removals: changes.flatMap(({ before, after }) => (before && !after ? [before] : [])) });
  });
  const server = await startAdsServer({ listen: { host: "127.0.0.1", port: 0 }, admit: () => group });
  const envoy = await startEnvoy({ xdsPort: "port" in server.address ? server.address.port : 0, drainTimeSeconds: 1 });
  return {
    envoy,
    sources,
    sent,
    facts,
    isSettled: () => {
      const [proxy] = group.connections;
      const progress = proxy?.progress();
      return progress !== undefined && progress.pending + progress.underWay + progress.waiting === 0;
    },
    batch: (change) => graph.batch(() => change(sources)),
    stop: async () => {
      await envoy.stop();
      await server.close();
    },
  };
}
