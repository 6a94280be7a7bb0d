/**
 * All proxies and what each was sent: a proxy is the Envoys that serve the same, one standalone, as many as a Gateway's
 * Deployment has in a cluster. Steps of the whole state go in, each proxy gets its share, and what became of a resource is
 * known for each.
 */
import type { EnvoyRecord } from "../envoy/index.ts";
import type { DeltaDiscoveryResponse } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { type AskedDestination, audiencesOf, isSidecar, placesOf, type ProxyKey, proxyKey } from "../model/index.ts";
import { type ProxyConnection, ProxyGroup } from "../transport/index.ts";
import {
  type Fact,
  type ResourceId,
  ResourceShares,
  type SessionOptions,
  type SharedBatch,
  type WarmingFact,
} from "../xds/index.ts";
import { type Delivery, DeliveryLedger } from "./delivery-ledger.ts";
import { DestinationBook } from "./destination-book.ts";

export interface FleetEvents {
  /** A message was queued for an Envoy. */
  readonly sent?: (message: DeltaDiscoveryResponse) => void;
  readonly learnt?: (facts: readonly Fact[]) => void;
  /**
   * An Envoy has these versions of clusters that are only ready when somebody says so: call `warmed` of the connection. Without it, to
   * have them is enough: Envoy acknowledges a cluster when the first check of each endpoint is over, passed or not.
   */
  readonly warming?: (connection: ProxyConnection, facts: readonly WarmingFact[]) => void;
  /** Facts of the connection no longer hold. */
  readonly disconnected?: (connection: ProxyConnection) => void;
  /** An Envoy of the proxy asked by name for resources that are others' alone, and was given none of them. */
  readonly withheld?: (proxy: ProxyKey, ids: readonly ResourceId[]) => void;
  /** The delivery of these resources may be another one now. */
  readonly changed?: (keys: readonly string[]) => void;
  /** Some Envoy asks about the destination, which nobody did before. */
  readonly destinationAsked?: (destination: AskedDestination) => void;
  /** No Envoy that asked about the destination is connected any more. */
  readonly destinationForgotten?: (destination: AskedDestination) => void;
  /** An Envoy of the proxy came or went. */
  readonly connections?: (proxy: ProxyKey) => void;
}

interface Member {
  readonly group: ProxyGroup;
  readonly ledger: DeliveryLedger;
}

export class ProxyFleet {
  readonly #members = new Map<ProxyKey, Member>();
  readonly #shares = new ResourceShares();
  readonly #destinations: DestinationBook;
  readonly #events: FleetEvents;
  readonly #sessions: SessionOptions;
  #isOpen = false;

  constructor(events: FleetEvents = {}, sessions: SessionOptions = {}) {
    this.#events = events;
    this.#destinations = new DestinationBook({
      asked: (destination) => events.destinationAsked?.(destination),
      forgotten: (destination) => events.destinationForgotten?.(destination),
    });
    this.#sessions = sessions;
  }

  /** Sends the first whole state, and from now on lets every proxy have what is its own, be it nothing. */
  open(batch: SharedBatch): void {
    this.#isOpen = true;
    this.apply(batch);
    for (const { group } of this.#members.values()) if (!group.resources.complete) group.apply(NOTHING);
  }

  /** Only after `open`. */
  apply(batch: SharedBatch): void {
    // Those that are named for the first time get what their audiences get as well, in the same step.
    for (const { proxies = [] } of batch.upserts) for (const proxy of proxies) this.groupOf(proxyKey(proxy));
    for (const [proxy, share] of this.#shares.apply(batch)) this.groupOf(proxyKey(proxy)).apply(share);
  }

  /** Has the versions tried again that a proxy refused. */
  retry(ids: readonly ResourceId[]): void {
    for (const { group } of this.#members.values()) group.retry(ids);
  }

  /** Where an Envoy of the proxy connects. A proxy that is not known yet gets its state when there is one. */
  groupOf(proxy: ProxyKey): ProxyGroup {
    const known = this.#members.get(proxy);
    if (known) return known.group;
    const ledger = new DeliveryLedger();
    const group = new ProxyGroup(
      {
        connected: () => this.#events.connections?.(proxy),
        asked: (connection, clusters) => this.#ask(proxy, connection, clusters),
        sent: (_, message) => this.#events.sent?.(message),
        learnt: (connection, facts) => {
          this.#events.learnt?.(facts);
          this.#tellWithheld(proxy, facts);
          this.#events.changed?.(ledger.learn(connection, facts));
          this.#tellWarming(connection, facts);
        },
        disconnected: (connection) => {
          const keys = ledger.forget(connection);
          this.#events.disconnected?.(connection);
          this.#forget(proxy, connection);
          this.#events.connections?.(proxy);
          this.#events.changed?.(keys);
        },
      },
      {
        ...this.#sessions,
        placesOf: ({ node }) => placesOf(node?.locality?.zone ?? "", isSidecar(proxy)),
      },
    );
    this.#members.set(proxy, { group, ledger });
    const audiences = audiencesOf(proxy);
    const share = audiences.length > 1 ? this.#shares.join(proxy, audiences) : NOTHING;
    if (this.#isOpen) group.apply(share);
    return group;
  }

  #tellWarming(connection: ProxyConnection, facts: readonly Fact[]): void {
    const warming = facts.filter((fact) => fact.kind === "warming");
    if (warming.length === 0) return;
    if (this.#events.warming) this.#events.warming(connection, warming);
    else for (const { id, version } of warming) connection.warmed(id.name, version);
  }

  #tellWithheld(proxy: ProxyKey, facts: readonly Fact[]): void {
    const ids = facts.flatMap(({ kind, id }) => (kind === "unknown" && this.#shares.isOfOthers(proxy, id) ? [id] : []));
    if (ids.length > 0) this.#events.withheld?.(proxy, ids);
  }

  #ask(proxy: ProxyKey, connection: ProxyConnection, clusters: readonly string[]): void {
    if (!isSidecar(proxy)) return;
    const news = this.#destinations.ask(connection, clusters);
    if (news.length > 0) this.#give(proxy, this.#shares.ask(proxy, news));
  }

  #forget(proxy: ProxyKey, connection: ProxyConnection): void {
    const gone = this.#destinations.forget(connection);
    if (gone.length > 0) this.#give(proxy, this.#shares.release(proxy, gone));
  }

  #give(proxy: ProxyKey, share: SharedBatch): void {
    if (this.#isOpen) this.#members.get(proxy)?.group.apply(share);
  }

  /** The proxy serves nobody any more. */
  remove(proxy: ProxyKey): void {
    const member = this.#members.get(proxy);
    this.#members.delete(proxy);
    for (const connection of member?.group.connections ?? []) connection.close();
  }

  /** The Envoys of the proxy that have a stream. */
  connectionsOf(proxy: ProxyKey): readonly Pick<ProxyConnection, "identity" | "progress">[] {
    return [...(this.#members.get(proxy)?.group.connections ?? [])];
  }

  /** How many those are. */
  connectedTo(proxy: ProxyKey): number {
    return this.#members.get(proxy)?.group.connections.size ?? 0;
  }

  /** Of those, `current` have acknowledged all that they are to have. */
  countOf(proxy: ProxyKey): { readonly connected: number; readonly current: number } {
    const connections = this.connectionsOf(proxy);
    const current = connections.filter((connection) => {
      const { underWay, waiting, pending } = connection.progress();
      return underWay + waiting + pending === 0;
    });
    return { connected: connections.length, current: current.length };
  }

  /** Every proxy that there is, or was and still may come. */
  proxies(): Iterable<ProxyKey> {
    return this.#members.keys();
  }

  get connected(): number {
    return [...this.#members.values()].reduce((sum, { group }) => sum + group.connections.size, 0);
  }

  /** The proxies that get a resource. */
  proxiesOf(id: ResourceId): readonly ProxyKey[] {
    return this.#shares.proxiesOf(id).map(proxyKey);
  }

  /** What became of the record's version in a proxy. */
  deliveryTo(proxy: ProxyKey, record: EnvoyRecord): Delivery {
    return this.#members.get(proxy)?.ledger.deliveryOf(record) ?? PENDING;
  }

  /** What became of it in all proxies that get it: a refusal anywhere counts, and so does a proxy that has not answered. */
  deliveryOf(record: EnvoyRecord): Delivery {
    const deliveries = this.proxiesOf(record).map((proxy) => this.deliveryTo(proxy, record));
    return (
      deliveries.find(({ state }) => state === "refused") ??
      deliveries.find(({ state }) => state === "pending") ??
      deliveries[0] ??
      PENDING
    );
  }

  /** Whether all Envoys of the proxy have a host of the route table; until then they serve no listener that needs it. */
  hasHostOf(proxy: ProxyKey, table: string): boolean {
    return this.#members.get(proxy)?.ledger.hasHostOf(table) ?? false;
  }

  /** Keys of every resource that some Envoy is known to have. */
  known(): Iterable<string> {
    return new Set([...this.#members.values()].flatMap(({ ledger }) => [...ledger.known()]));
  }
}

const NOTHING: SharedBatch = { upserts: [], removals: [] };
const PENDING: Delivery = { state: "pending" };
