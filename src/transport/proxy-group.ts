/**
 * The proxies that share one wanted state: all Envoys of a Gateway, or the only one of a standalone run. Batches go in and
 * reach every connected proxy at once; what the proxies answer comes out as facts. Proxies come and go by themselves.
 */
import type { DeltaDiscoveryResponse } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSet } from "../xds/index.ts";
import type { Fact, ResourceBatch, ResourceId, SessionEvent, SessionOptions } from "../xds/index.ts";
import { monotonicNow } from "./monotonic-now.ts";
import { ProxyConnection } from "./proxy-connection.ts";
import type { ProxyIdentity } from "./proxy-connection.ts";

export interface ProxyGroupEvents {
  /** A proxy opened a stream. */
  readonly connected?: (proxy: ProxyConnection) => void;
  /** A proxy asks for clusters by their names, of which some may be unknown; told before it is answered. */
  readonly asked?: (proxy: ProxyConnection, clusters: readonly string[]) => void;
  /** A message is queued for the proxy: for counting, not for changing. */
  readonly sent?: (proxy: ProxyConnection, message: DeltaDiscoveryResponse) => void;
  /** What was learnt of one proxy, in order. Called after the messages of the same step are queued. */
  readonly learnt?: (proxy: ProxyConnection, facts: readonly Fact[]) => void;
  /** The stream is closed; its facts no longer hold. */
  readonly disconnected?: (proxy: ProxyConnection) => void;
}

export interface ProxyGroupOptions extends Omit<SessionOptions, "doubts" | "places"> {
  /** Where a proxy runs, the nearest first. Default: nowhere in particular. */
  readonly placesOf?: (proxy: ProxyIdentity) => readonly string[];
}

export class ProxyGroup {
  readonly #resources = new ResourceSet();
  readonly #connections = new Set<ProxyConnection>();
  /** What the last session of a proxy left in doubt, by the id of its node. */
  readonly #doubts = new Map<string, readonly ResourceId[]>();
  readonly #events: ProxyGroupEvents;
  readonly #options: ProxyGroupOptions;

  constructor(events: ProxyGroupEvents = {}, options: ProxyGroupOptions = {}) {
    this.#events = events;
    this.#options = options;
  }

  get connections(): ReadonlySet<ProxyConnection> {
    return this.#connections;
  }

  /** The wanted state, to look at. */
  get resources(): Pick<ResourceSet, "get" | "namesOf" | "complete"> {
    return this.#resources;
  }

  /** Changes the wanted state in one step. The first call must bring the whole state: proxies are answered from then on. */
  apply(batch: ResourceBatch): void {
    const wasComplete = this.#resources.complete;
    const ids = this.#resources.apply(batch, monotonicNow());
    if (ids.length > 0 || !wasComplete) this.#tell({ kind: "changed", ids });
  }

  /** Has refused versions tried again, since what was in their way may be gone. */
  retry(ids: readonly ResourceId[]): void {
    this.#tell({ kind: "retry", ids });
  }

  /** Opens a session for a stream. */
  connect(identity: ProxyIdentity): ProxyConnection {
    const nodeId = identity.node?.id ?? "";
    const { placesOf, ...sessions } = this.#options;
    const options = { ...sessions, doubts: this.#doubts.get(nodeId) ?? [], places: placesOf?.(identity) ?? [] };
    this.#doubts.delete(nodeId);
    const connection = new ProxyConnection(identity, this.#resources, options, {
      asked: (clusters) => this.#events.asked?.(connection, clusters),
      sent: (message) => this.#events.sent?.(connection, message),
      learnt: (facts) => this.#events.learnt?.(connection, facts),
      closed: (doubts) => {
        if (doubts.length > 0) this.#doubts.set(nodeId, doubts);
        this.#connections.delete(connection);
        this.#events.disconnected?.(connection);
      },
    });
    this.#connections.add(connection);
    this.#events.connected?.(connection);
    return connection;
  }

  #tell(event: SessionEvent): void {
    for (const connection of this.#connections) connection.take(event);
  }
}
