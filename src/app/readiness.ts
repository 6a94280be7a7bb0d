/**
 * When a Trilith of this machine is ready: every listener, its certificates, its filters and every host were answered by its proxy once;
 * refusals are answers, too. For the hosts of a listener that the proxy does not have, because its port is taken, it never asks.
 *
 * That of Gateways is waited for in any case. Those beside workloads are as well while they start, but not where one cannot: Gateways,
 * and other workloads, serve without it.
 */
import type { Collection } from "../collections/index.ts";
import type { EnvoyRecord } from "../envoy/index.ts";
import { type ProxyKey, proxyKey, type SocketKey } from "../model/index.ts";
import { routeTableOf } from "../xds/index.ts";
import { deliveryKey } from "./delivery-ledger.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";
import { LOCAL_PROXY } from "./standalone-settings.ts";

export interface ReadinessOptions {
  readonly records: Pick<Collection<EnvoyRecord>, "values" | "get">;
  readonly fleet: Pick<ProxyFleet, "connectedTo" | "deliveryOf" | "deliveryTo">;
  /** Everything has been handed over once. */
  readonly isComplete: () => boolean;
  /** What keeps a listener from being sent. */
  readonly barrierOf: (socket: SocketKey) => string | undefined;
  /** It is ready without these, which it does not wait for any more. Called once. */
  readonly onLeftOut: (proxies: readonly ProxyKey[]) => void;
  /** Milliseconds. Default: of the machine. */
  readonly clock?: () => number;
}

/** How long, once Gateways are served, one beside a workload is waited for that says nothing of why it does not come. */
const PATIENCE_MS = 15_000;

interface Waited {
  readonly proxy: ProxyKey;
  readonly record: EnvoyRecord;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #clock: () => number;
  #servedSince: number | undefined;
  #isReady = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** What it waits for, in words; undefined from the first time on that there is nothing. `isStarting`: a proxy beside a workload may yet come. */
  missing(isStarting: (proxy: ProxyKey) => boolean): string | undefined {
    if (this.#isReady) return undefined;
    const { fleet, isComplete } = this.#options;
    if (!isComplete() || fleet.connectedTo(LOCAL_PROXY) === 0) return "Envoy has not connected yet";
    const waited = this.#waitedFor();
    const own = waited.filter(({ proxy }) => proxy === LOCAL_PROXY);
    if (own.length > 0) return waitingFor("Envoy", own);
    this.#servedSince ??= this.#clock();
    const isPatient = this.#clock() - this.#servedSince < PATIENCE_MS;
    const starting = isPatient ? waited.filter(({ proxy }) => isStarting(proxy)) : [];
    if (starting.length > 0) return waitingFor(`the sidecar ${starting[0]?.proxy}`, starting);
    this.#isReady = true;
    if (waited.length > 0) this.#options.onLeftOut([...new Set(waited.map(({ proxy }) => proxy))]);
    return undefined;
  }

  /** Of each listener, what its own proxy has not answered: others may be given the same, and never ask for it. */
  #waitedFor(): readonly Waited[] {
    const { records, fleet, barrierOf } = this.#options;
    const all = [...records.values()];
    const hosts = Map.groupBy(
      all.filter(({ kind }) => kind === "virtualHost"),
      ({ name }) => routeTableOf(name),
    );
    const served = all.filter(
      (record) =>
        record.kind === "listener" &&
        barrierOf(record.name as SocketKey) === undefined &&
        fleet.deliveryOf(record).state !== "refused",
    );
    return served.flatMap((listener) => {
      const proxy = proxyKey(listener.proxies?.[0] ?? LOCAL_PROXY);
      const awaited = listener.needs.flatMap((need) => {
        if (need.kind === "secret" || need.kind === "extension") return records.get(deliveryKey(need)) ?? [];
        return need.kind === "routeTable" ? (hosts.get(need.name) ?? []) : [];
      });
      return [listener, ...awaited]
        .filter((record) => fleet.deliveryTo(proxy, record).state === "pending")
        .map((record) => ({ proxy, record }));
    });
  }
}

const waitingFor = (who: string, waited: readonly Waited[]): string =>
  `${who} has not acknowledged ${waited.length} resources yet, first ${waited[0]?.record.kind} ${waited[0]?.record.name}`;
