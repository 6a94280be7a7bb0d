/**
 * Turns what proxies did with Envoy resources into facts about listeners and routes, which statuses are made of. A report
 * is made anew when a resource behind it changes, when a proxy answers, and when the object's generation changes.
 *
 *   a proxy said something    reported as soon as whatever goes to proxies meanwhile is on its way
 *   anything else changed     reported with what proxies say of it, which mostly comes within milliseconds, or soon without that
 */
import type { Change, Collection, Graph } from "../collections/index.ts";
import type { EnvoyRecord } from "../envoy/index.ts";
import { isAudience, isSidecar, type ProxyKey, type SocketKey } from "../model/index.ts";
import { systemTimers, type Timers } from "../kubernetes/index.ts";
import { gatewayGroup, objectKey, type ObjectKey, type Route } from "../resources/index.ts";
import { type Attachment, type RouteReport, routeReportKey } from "../translate/index.ts";
import { deliveryKey } from "./delivery-ledger.ts";
import type { DrivenFacts, Engine } from "./engine.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";
import { type SocketReportSources, SocketReports } from "./socket-reports.ts";
import { tooLargeResources } from "./troubles.ts";

/** Where reports go: straight into the graph, or first to where those of other replicas are added. */
export type ReportSink = Pick<DrivenFacts, "routeReports" | "socketReports">;

export interface ReportSources extends SocketReportSources {
  readonly fleet: Pick<ProxyFleet, "connectedTo" | "deliveryTo" | "hasHostOf" | "proxiesOf">;
  /** Whether a cluster is waited for that none of its endpoints is known to be well in; none is unless this says so. */
  readonly isUnhealthy?: (cluster: string) => boolean;
  readonly timers?: Timers;
}

/** So long a change waits for what proxies say of it. Less than statuses wait for what comes right behind a change. */
const WAIT_MS = 10;

export class ReportWriter {
  readonly #engine: Engine;
  readonly #records: Collection<EnvoyRecord>;
  readonly #fleet: ReportSources["fleet"];
  readonly #sockets: SocketReports;
  readonly #isUnhealthy: (cluster: string) => boolean;
  readonly #sink: ReportSink;
  /** The proxies that each route has a report of. */
  readonly #reported = new Map<ObjectKey, readonly ProxyKey[]>();
  readonly #recordsOfRoute = new Map<ObjectKey, Set<string>>();
  /** The proxies of the listeners that a route is attached to, by attachment. */
  readonly #attached = new Map<ObjectKey, Map<string, ProxyKey>>();
  readonly #dirtyRoutes = new Set<ObjectKey>();
  readonly #dirtySockets = new Set<SocketKey>();
  /** Routes with a resource that is too large: looked at again after every step, since nothing else tells when it fits. */
  #oversized: readonly ObjectKey[] = [];
  readonly #timers: Timers;
  #isDue = false;
  #waiting: Disposable | undefined;

  constructor(sources: ReportSources, sink: ReportSink) {
    const { engine, records, fleet, isUnhealthy = () => false, timers = systemTimers } = sources;
    this.#engine = engine;
    this.#records = records;
    this.#fleet = fleet;
    this.#isUnhealthy = isUnhealthy;
    this.#timers = timers;
    this.#sockets = new SocketReports(sources, sink.socketReports);
    this.#sink = sink;
    this.#follow(engine.graph);
  }

  /** The proxies said something about these resources. */
  touch(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#markRecord(this.#records.get(key));
      // Records for an audience are kept under another key.
      this.#markWarming(key);
    }
    this.#reportSoon();
  }

  /** Whether these clusters are well has changed, which is told of what leads to them. */
  touchUsers(clusters: readonly string[]): void {
    const changed = new Set(clusters);
    for (const record of this.#records.values())
      if (record.needs.some(({ kind, name }) => kind === "cluster" && changed.has(name))) this.#markRecord(record);
    this.#reportSoon();
  }

  /** Its first Envoy came, say: what had no report may have one now. */
  touchProxy(proxy: ProxyKey): void {
    for (const [route, proxies] of this.#attached) {
      const isReported = this.#reported.get(route)?.includes(proxy) ?? false;
      if (!isReported && [...proxies.values()].includes(proxy)) this.#dirtyRoutes.add(route);
    }
    this.#reportSoon();
  }

  #follow(graph: Graph): void {
    const { sources, translation } = this.#engine;
    const existing = [...this.#records.values()].map((after) => ({
      key: deliveryKey(after),
      before: undefined,
      after,
    }));
    this.#takeRecords(existing);
    graph.subscribe(this.#records, (changes) => this.#takeRecords(changes));
    graph.onSettled(() => this.#followSizes());
    for (const sockets of [translation.sockets, translation.workloadSockets])
      graph.subscribe<{ readonly key: SocketKey }>(sockets, (changes) =>
        this.#takeSockets(changes.map(({ key }) => key as SocketKey)),
      );
    graph.subscribe(translation.listenerGenerations, () => {
      const { sockets, workloadSockets } = translation;
      this.#takeSockets([...sockets.values(), ...workloadSockets.values()].map(({ key }) => key));
    });
    this.#takeAttachments(
      [...translation.attachments.values()].map((after) => ({ key: after.key, before: undefined, after })),
    );
    graph.subscribe(translation.attachments, (changes) => this.#takeAttachments(changes));
    for (const routes of routeSources(sources)) {
      graph.subscribe<Route>(routes, (changes) => {
        for (const { key } of changes) this.#dirtyRoutes.add(key as ObjectKey);
        this.#reportLater();
      });
    }
  }

  #takeSockets(sockets: readonly SocketKey[]): void {
    for (const socket of sockets) this.#dirtySockets.add(socket);
    this.#reportLater();
  }

  #takeAttachments(changes: readonly Change<Attachment>[]): void {
    for (const { key, before, after } of changes) {
      const route = (after ?? before)?.route.object;
      if (route === undefined) continue;
      const proxies = this.#attached.get(route) ?? new Map<string, ProxyKey>();
      if (after && !isAudience(after.proxy)) proxies.set(key, after.proxy);
      else proxies.delete(key);
      if (proxies.size === 0) this.#attached.delete(route);
      else this.#attached.set(route, proxies);
      this.#dirtyRoutes.add(route);
    }
    this.#reportLater();
  }

  #followSizes(): void {
    const large = tooLargeResources(this.#engine.graph).flatMap(({ origins }) => routesOf({ origins }));
    for (const route of [...this.#oversized, ...large]) this.#dirtyRoutes.add(route);
    this.#oversized = large;
    this.#reportLater();
  }

  #takeRecords(changes: readonly Change<EnvoyRecord>[]): void {
    for (const { key, before, after } of changes) {
      for (const route of routesOf(before)) this.#recordsOfRoute.get(route)?.delete(key);
      for (const route of routesOf(after)) {
        this.#recordsOfRoute.set(route, (this.#recordsOfRoute.get(route) ?? new Set()).add(key));
      }
      this.#markRecord(before);
      this.#markRecord(after);
    }
    this.#reportLater();
  }

  #markRecord(record: EnvoyRecord | undefined): void {
    for (const route of routesOf(record)) this.#dirtyRoutes.add(route);
    if (record?.kind === "listener") this.#dirtySockets.add(record.name as SocketKey);
    else if (record !== undefined) this.#markWarming(deliveryKey(record));
  }

  #markWarming(key: string): void {
    if (!/^(secret|extension|routeTable|virtualHost)\//.test(key)) return;
    for (const socket of this.#sockets.warming) this.#dirtySockets.add(socket);
  }

  get #isDirty(): boolean {
    return this.#dirtyRoutes.size + this.#dirtySockets.size > 0;
  }

  #reportLater(): void {
    if (this.#isDirty && !this.#isDue) this.#waiting ??= this.#timers.after(WAIT_MS, () => this.#report());
  }

  /** Subscribers may not write to the graph. In the next turn of the event loop, what this one has for proxies is with them. */
  #reportSoon(): void {
    if (!this.#isDirty || this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#report());
  }

  #report(): void {
    this.#isDue = false;
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = undefined;
    if (!this.#isDirty) return;
    const [routes, sockets] = [[...this.#dirtyRoutes], [...this.#dirtySockets]];
    this.#dirtyRoutes.clear();
    this.#dirtySockets.clear();
    this.#engine.graph.batch(() => this.#write(routes, sockets));
  }

  #write(routes: readonly ObjectKey[], sockets: readonly SocketKey[]): void {
    for (const route of routes) this.#writeRoute(route);
    const { socketReports } = this.#sink;
    for (const socket of sockets) {
      const report = this.#sockets.of(socket);
      if (report === undefined) socketReports.delete(socket);
      else socketReports.set(report);
    }
  }

  #writeRoute(route: ObjectKey): void {
    const { routeReports } = this.#sink;
    const reports = this.#routeReports(route);
    const proxies = reports.map(({ proxy }) => proxy);
    for (const gone of this.#reported.get(route) ?? [])
      if (!proxies.includes(gone)) routeReports.delete(routeReportKey(route, gone));
    for (const report of reports) routeReports.set(report);
    if (proxies.length === 0) this.#reported.delete(route);
    else this.#reported.set(route, proxies);
  }

  #routeReports(route: ObjectKey): RouteReport[] {
    const found = this.#find(route);
    if (found === undefined) return [];
    const { generation = 0, uid } = found.metadata;
    const identity = { route, generation, ...(uid !== undefined && { uid }) };
    const recordsOf = new Map<ProxyKey, EnvoyRecord[]>();
    for (const key of this.#recordsOfRoute.get(route) ?? []) {
      const record = this.#records.get(key);
      if (record === undefined) continue;
      for (const proxy of this.#gatewaysWith(record)) recordsOf.set(proxy, [...(recordsOf.get(proxy) ?? []), record]);
    }
    // Attached, and other routes get all of it: the proxy is sent nothing of the route, so it has all that there is to have.
    for (const proxy of this.#attached.get(route)?.values() ?? [])
      if (!recordsOf.has(proxy) && this.#fleet.connectedTo(proxy) > 0) recordsOf.set(proxy, []);
    return [...recordsOf].map(([proxy, records]) => this.#routeReport({ ...identity, proxy }, records));
  }

  /** Of what sidecars have taken, no status tells. */
  #gatewaysWith(record: EnvoyRecord): readonly ProxyKey[] {
    if (record.audience !== undefined) return [];
    return record.proxies ?? this.#fleet.proxiesOf(record).filter((proxy) => !isSidecar(proxy));
  }

  #routeReport(
    { generation, ...identity }: Pick<RouteReport, "route" | "uid" | "proxy" | "generation">,
    records: readonly EnvoyRecord[],
  ): RouteReport {
    const { route, uid, proxy } = identity;
    const deliveries = records.map((record) => this.#fleet.deliveryTo(proxy, record));
    const refused = deliveries.find((delivery) => delivery.state === "refused");
    const large = this.#oversized.includes(route)
      ? "The route is part of a resource that is too large to send"
      : undefined;
    const problem = refused?.message ?? large;
    const key = routeReportKey(route, proxy);
    const before = this.#sink.routeReports.get(key);
    const kept = before?.uid === uid ? (before?.generation ?? 0) : 0;
    const unhealthy = this.#unhealthyBackendsOf(records);
    const acknowledged = large === undefined && deliveries.every(({ state }) => state === "acknowledged");
    return {
      key,
      ...identity,
      generation: acknowledged ? generation : kept,
      ...(problem !== undefined && { problem }),
      ...(unhealthy.length > 0 && { unhealthy }),
    };
  }

  /** `Service/shop/cart:80`; each once, sorted. */
  #unhealthyBackendsOf(records: readonly EnvoyRecord[]): readonly string[] {
    const clusters = records.flatMap(({ needs }) =>
      needs.filter(({ kind, name }) => kind === "cluster" && this.#isUnhealthy(name)),
    );
    return [...new Set(clusters.flatMap((id) => this.#records.get(deliveryKey(id))?.origins ?? []))].sort();
  }

  #find(route: ObjectKey): Route | undefined {
    for (const routes of routeSources(this.#engine.sources)) {
      const found = routes.get(route);
      if (found) return found;
    }
    return undefined;
  }
}

/** Records name the rules that they were made of: `HTTPRoute/shop/cart#0`. */
function routesOf(record: Pick<EnvoyRecord, "origins"> | undefined): ObjectKey[] {
  const routes = (record?.origins ?? []).flatMap((origin) => /^(\w+Route)\/([^/]+)\/([^/#]+)#/.exec(origin) ?? []);
  const keys: ObjectKey[] = [];
  for (let i = 0; i < routes.length; i += 4) {
    const [kind, namespace, name] = routes.slice(i + 1, i + 4);
    if (kind !== undefined && name !== undefined) keys.push(objectKey({ group: gatewayGroup, kind, namespace, name }));
  }
  return keys;
}

function routeSources({
  httpRoutes,
  grpcRoutes,
  tlsRoutes,
  tcpRoutes,
  udpRoutes,
}: Engine["sources"]): readonly Collection<Route>[] {
  return [httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, udpRoutes];
}
