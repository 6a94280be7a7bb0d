/**
 * Everything between the engine and the Envoys of a cluster: each Gateway's resources out over ADS with TLS, answers back
 * into reports. The Envoys are others' business: pods come and go by themselves.
 */
import type { Collection } from "../collections/index.ts";
import { type AccessLogging, defaultSettings, type EnvoyRecord, envoyResources } from "../envoy/index.ts";
import type { DeltaDiscoveryResponse } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { ProxyKey } from "../model/index.ts";
import {
  type AdmissionRefusal,
  type AdsServer,
  type AdsServerOptions,
  type ConnectionAge,
  defaultConnectionAge,
  type ProxyIdentity,
  startAdsServer,
} from "../transport/index.ts";
import type { Fact, ResourceId } from "../xds/index.ts";
import type { Engine } from "./engine.ts";
import { ProxyFleet } from "./proxy-fleet.ts";
import { type ReportSink, ReportWriter } from "./report-writer.ts";
import { ResourceFeed } from "./resource-feed.ts";

export interface ClusterProxiesOptions {
  readonly ads: Pick<AdsServerOptions, "listen" | "tls"> & { readonly age?: ConnectionAge | undefined };
  /** How long an Envoy that has what this replica does not know yet waits at most; default 1 s: docs/decisions/replicas.md. */
  readonly catchUpMs?: number | undefined;
  /** What sidecars log; default: everything. */
  readonly sidecarAccessLog?: AccessLogging | undefined;
  /** The proxy that the caller is an Envoy of, or why it is turned away. */
  readonly admit: (caller: ProxyIdentity) => Promise<ProxyKey | AdmissionRefusal>;
  /** Where reports of this replica's own Envoys go. */
  readonly sink: ReportSink;
  readonly onFacts: (facts: readonly Fact[]) => void;
  readonly onSent: (message: DeltaDiscoveryResponse) => void;
  /** An Envoy of the proxy asked for what is others' alone. */
  readonly onWithheld: (proxy: ProxyKey, ids: readonly ResourceId[]) => void;
  /** Before the first Envoy comes; what is given back is told whose Envoys come and go. */
  readonly onFleet: (fleet: ProxyFleet) => { touch(proxy: ProxyKey): void };
}

export interface ClusterProxies extends AsyncDisposable {
  readonly records: Collection<EnvoyRecord>;
  readonly fleet: ProxyFleet;
  readonly ads: AdsServer;
}

const CATCH_UP_MS = 1_000;

/** The sources must have been read once: what the engine holds now is the first complete state. */
export async function startClusterProxies(engine: Engine, options: ClusterProxiesOptions): Promise<ClusterProxies> {
  await using starting = new AsyncDisposableStack();
  // Each Envoy has a network of its own, so that nobody else can have its ports.
  const { sidecarAccessLog = defaultSettings.sidecarAccessLog } = options;
  const records = envoyResources(engine.graph, engine.model, { ...defaultSettings, reusePort: true, sidecarAccessLog });
  const fleet: ProxyFleet = new ProxyFleet(
    {
      sent: options.onSent,
      learnt: options.onFacts,
      withheld: options.onWithheld,
      destinationAsked: (destination) => engine.driven.askedDestinations.set(destination),
      destinationForgotten: ({ key }) => engine.driven.askedDestinations.delete(key),
      changed: (keys) => reports.touch(keys),
      connections: (proxy) => {
        counts.touch(proxy);
        reports.touchProxy(proxy);
      },
    },
    { catchUpMs: options.catchUpMs ?? CATCH_UP_MS },
  );
  const counts = options.onFleet(fleet);
  const reports: ReportWriter = new ReportWriter({ engine, records, fleet }, options.sink);
  const feed = starting.use(new ResourceFeed(engine.graph, records, fleet));
  feed.open();
  const ads = await startAdsServer({
    ...options.ads,
    age: options.ads.age ?? defaultConnectionAge,
    admit: async (caller) => {
      const answer = await options.admit(caller);
      return typeof answer === "string" ? fleet.groupOf(answer) : answer;
    },
  });
  starting.defer(() => ads.close());
  const running = starting.move();
  return { records, fleet, ads, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
