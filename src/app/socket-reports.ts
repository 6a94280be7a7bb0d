/**
 * What is reported of sockets: which of their listeners proxies serve, in which generation, and what stands in the way. Envoy's answers
 * about a listener are half of it, since a listener listens only when it has what it needs.
 */
import type { Collection } from "../collections/index.ts";
import { type EnvoyRecord, recordKey } from "../envoy/index.ts";
import { audiencesOf, type ListenerKey, type ProxyKey, type SocketKey } from "../model/index.ts";
import { portProblemOfRefusal } from "../proxy/index.ts";
import type { SocketReport } from "../translate/index.ts";
import type { ResourceId } from "../xds/index.ts";
import { type Delivery, deliveryKey } from "./delivery-ledger.ts";
import type { DrivenFacts, Engine } from "./engine.ts";
import { portMessage, portOfSocket } from "./port-gate.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

/** Why a socket is kept from the proxies, where it is. */
export type SocketBarrier = (socket: SocketKey) => string | undefined;

export interface SocketReportSources {
  readonly engine: Engine;
  readonly records: Collection<EnvoyRecord>;
  readonly fleet: Pick<ProxyFleet, "deliveryTo" | "hasHostOf">;
  /** Nothing is kept back unless this says so. */
  readonly barrierOf?: SocketBarrier;
}

export class SocketReports {
  readonly #engine: Engine;
  readonly #records: Collection<EnvoyRecord>;
  readonly #fleet: SocketReportSources["fleet"];
  readonly #barrierOf: SocketBarrier;
  readonly #before: Pick<DrivenFacts["socketReports"], "get">;
  readonly #warming = new Set<SocketKey>();

  /** `before`: what was reported last, which holds until a proxy says otherwise. */
  constructor(
    { engine, records, fleet, barrierOf = () => undefined }: SocketReportSources,
    before: Pick<DrivenFacts["socketReports"], "get">,
  ) {
    this.#engine = engine;
    this.#records = records;
    this.#fleet = fleet;
    this.#barrierOf = barrierOf;
    this.#before = before;
  }

  /** Sockets whose listener is acknowledged, but not all that it waits for: as they were reported last. */
  get warming(): Iterable<SocketKey> {
    return this.#warming;
  }

  /** Undefined where no proxy has the socket. */
  of(key: SocketKey): SocketReport | undefined {
    const { translation } = this.#engine;
    const socket = this.#servedBy(key);
    const record = this.#records.get(deliveryKey({ kind: "listener", name: key }));
    this.#warming.delete(key);
    if (socket === undefined || record === undefined) return undefined;
    const barrier = this.#barrierOf(key);
    const delivery =
      barrier === undefined ? this.#deliveryOfListener(socket.proxy, record) : ({ state: "pending" } as const);
    const problem =
      barrier === undefined ? problemOf(key, delivery) : ({ reason: "PortUnavailable", message: barrier } as const);
    if (delivery.state !== "acknowledged") {
      const before = this.#before.get(key)?.programmed ?? [];
      const ofThese = before.filter(({ listener, uid }) => translation.listenerGenerations.get(listener)?.uid === uid);
      return { key, programmed: ofThese, ...(problem && { problem }) };
    }
    return {
      key,
      programmed: socket.listeners.map((listener) => {
        const { generation = 0, uid } = translation.listenerGenerations.get(listener) ?? {};
        return { listener, generation, ...(uid !== undefined && { uid }) };
      }),
    };
  }

  /** The proxy that has the socket, and the listeners that it stands for. */
  #servedBy(key: SocketKey): { readonly proxy: ProxyKey; readonly listeners: readonly ListenerKey[] } | undefined {
    const { sockets, workloadSockets } = this.#engine.translation;
    const ofWorkload = workloadSockets.get(key);
    if (ofWorkload) return { proxy: ofWorkload.proxy, listeners: [ofWorkload.workload] };
    const socket = sockets.get(key);
    return socket && { proxy: socket.proxy, listeners: socket.chains.flatMap((chain) => chain.listeners) };
  }

  /** Of those records of one name that are for different audiences, the proxy has that for its narrowest. */
  #recordFor(proxy: ProxyKey, id: ResourceId): EnvoyRecord | undefined {
    const keys = [...audiencesOf(proxy).map((audience) => recordKey({ ...id, audience })), recordKey(id)];
    return keys.map((key) => this.#records.get(key)).find((record) => record !== undefined);
  }

  /**
   * Envoy acknowledges a listener at once, and listens when it has its certificates, the filters that decide about access, its route
   * tables and a host of each: before that, connections are refused.
   */
  #deliveryOfListener(proxy: ProxyKey, record: EnvoyRecord): Delivery {
    const own = this.#fleet.deliveryTo(proxy, record);
    if (own.state !== "acknowledged") return own;
    const awaited = record.needs.filter(
      ({ kind }) => kind === "secret" || kind === "extension" || kind === "routeTable",
    );
    const deliveries = awaited.map((need): Delivery => {
      const needed = this.#recordFor(proxy, need);
      const delivery = needed ? this.#fleet.deliveryTo(proxy, needed) : ({ state: "pending" } as const);
      const isEmpty = need.kind === "routeTable" && !this.#fleet.hasHostOf(proxy, need.name);
      return isEmpty && delivery.state === "acknowledged" ? { state: "pending" } : delivery;
    });
    const missing = deliveries.find(({ state }) => state !== "acknowledged");
    if (missing) this.#warming.add(record.name as SocketKey);
    return deliveries.find(({ state }) => state === "refused") ?? missing ?? own;
  }
}

function problemOf(socket: SocketKey, delivery: Delivery): SocketReport["problem"] {
  if (delivery.state !== "refused") return undefined;
  const [port, problem] = [portOfSocket(socket), portProblemOfRefusal(delivery.message)];
  if (port === undefined || problem === undefined) return { reason: "Refused", message: delivery.message };
  return { reason: "PortUnavailable", message: portMessage(port, problem) };
}
