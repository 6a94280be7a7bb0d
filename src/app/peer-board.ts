/**
 * Where the reports of all replicas come together, in each of them: what the own proxies did goes in through `local`, what
 * those of the others did through `replace`, `take` and `forget`; what all of that means goes into the graph. A socket or a
 * route has a report as long as this replica itself knows it.
 *
 * Every replica does this and not only the leader, so that the next leader knows at once what the last one knew.
 */
import { isDeepStrictEqual } from "node:util";
import type { Graph, Source } from "../collections/index.ts";
import type { ProxyKey, SocketKey } from "../model/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import type { RouteReport, SocketReport } from "../translate/index.ts";
import { mergeRouteReports, mergeSocketReports, proxyOfSocket } from "./peer-reports.ts";
import { isWorthTelling, type PeerLine, PeerState, type ProxyCount, topicOf } from "./peer-lines.ts";
import type { ReportSink } from "./report-writer.ts";

/** What was programmed before this replica started, as the stored statuses tell. */
export interface Remembered {
  readonly socket: (socket: SocketKey) => SocketReport["programmed"];
  /** The generation; 0 where nothing is known. */
  readonly route: (route: ObjectKey, uid: string | undefined) => number;
}

export interface PeerBoardOptions {
  readonly graph: Graph;
  readonly facts: ReportSink;
  readonly remembered?: Remembered;
}

/** Told what others may want to know of what changed here: lines about topics, whose present content `PeerBoard.own` has. */
export type BoardFollower = (lines: readonly PeerLine[]) => void;

export class PeerBoard {
  /** For the writer of this replica's own reports. */
  readonly local: ReportSink;
  /** What this replica tells the others. */
  readonly own: PeerState = new PeerState();
  readonly #graph: Graph;
  readonly #facts: ReportSink;
  readonly #remembered: Remembered | undefined;
  readonly #peers = new Map<string, PeerState>();
  readonly #followers = new Set<BoardFollower>();

  constructor({ graph, facts, remembered }: PeerBoardOptions) {
    this.#graph = graph;
    this.#facts = facts;
    this.#remembered = remembered;
    const socketLine = (key: string, report?: SocketReport): PeerLine => ({
      type: "socket",
      key: key as SocketKey,
      ...(report && { report }),
    });
    const routeLine = (key: string, report?: RouteReport): PeerLine => ({
      type: "route",
      key,
      ...(report && { report }),
    });
    this.local = {
      socketReports: new LocalReports("peers/SocketReports", this.own.sockets, (key, report) =>
        this.#takeOwn(socketLine(key, report)),
      ),
      routeReports: new LocalReports("peers/RouteReports", this.own.routes, (key, report) =>
        this.#takeOwn(routeLine(key, report)),
      ),
    };
  }

  /** So many Envoys of the proxy have a stream to this replica now. */
  count(proxy: ProxyKey, { connected, current }: ProxyCount): void {
    const before = this.own.proxies.get(proxy);
    if ((before?.connected ?? 0) === connected && (before?.current ?? 0) === current) return;
    this.#takeOwn({ type: "proxy", proxy, connected, current });
  }

  /** A replica said the whole of what it knows. */
  replace(replica: string, state: PeerState): void {
    const before = this.#peers.get(replica) ?? new PeerState();
    this.#peers.set(replica, state);
    this.#merge([...before.lines(), ...state.lines()], differenceOf(before, new Set(state.proxies.keys())));
  }

  /** A replica of which the whole is known said more. */
  take(replica: string, lines: readonly PeerLine[]): void {
    const state = this.#peers.get(replica);
    if (state === undefined) return;
    const before = new Set(state.proxies.keys());
    for (const line of lines) state.take(line);
    this.#merge(lines, differenceOf(state, before));
  }

  /** A replica is gone: its proxies count no more. */
  forget(replica: string): void {
    const before = this.#peers.get(replica) ?? new PeerState();
    this.#peers.delete(replica);
    this.#merge(before.lines(), differenceOf(before, new Set()));
  }

  get replicas(): readonly string[] {
    return [...this.#peers.keys()];
  }

  /** Envoys of the proxy at all replicas. */
  countOf(proxy: ProxyKey): ProxyCount {
    const counts = [this.own, ...this.#peers.values()].flatMap(({ proxies }) => proxies.get(proxy) ?? []);
    return {
      connected: counts.reduce((sum, { connected }) => sum + connected, 0),
      current: counts.reduce((sum, { current }) => sum + current, 0),
    };
  }

  /** Until it is disposed of, `follower` is told what changes in `own`. */
  follow(follower: BoardFollower): Disposable {
    this.#followers.add(follower);
    return { [Symbol.dispose]: () => void this.#followers.delete(follower) };
  }

  #takeOwn(line: PeerLine): void {
    const before = new Set(line.type === "proxy" ? this.own.proxies.keys() : []);
    const isNews = isWorthTelling(line) || isWorthTelling(this.own.lineLike(line));
    this.own.take(line);
    if (isNews) for (const follower of this.#followers) follower([line]);
    this.#merge([line], line.type === "proxy" ? differenceOf(this.own, before) : new Set());
  }

  /** `recounted` are proxies of which Envoys have come to a replica that had none, or the last has gone. */
  #merge(lines: readonly PeerLine[], recounted: ReadonlySet<ProxyKey>): void {
    const affected = recounted.size === 0 ? lines : [...lines, ...this.#linesOfProxies(recounted)];
    const topics = new Map(affected.map((line) => [topicOf(line), line]));
    this.#graph.batch(() => {
      for (const line of topics.values()) {
        if (line.type === "socket") this.#mergeSocket(line.key);
        else if (line.type === "route") this.#mergeRoute(line.key);
      }
    });
  }

  /** Whose Envoys come and go, its every report may mean something else. */
  #linesOfProxies(proxies: ReadonlySet<ProxyKey>): PeerLine[] {
    return this.own.lines().filter((line) => {
      if (line.type === "socket") return proxies.has(proxyOfSocket(line.key));
      return line.type === "route" && line.report !== undefined && proxies.has(line.report.proxy);
    });
  }

  #mergeSocket(key: SocketKey): void {
    const { socketReports } = this.#facts;
    if (!this.own.sockets.has(key)) {
      if (socketReports.get(key)) socketReports.delete(key);
      return;
    }
    const told = this.#counting(proxyOfSocket(key)).map(({ sockets }) => sockets.get(key));
    const remembered = { key, programmed: this.#remembered?.socket(key) ?? [] };
    socketReports.set(mergeSocketReports(key, told, socketReports.get(key) ?? remembered));
  }

  #mergeRoute(key: string): void {
    const { routeReports } = this.#facts;
    const own = this.own.routes.get(key);
    if (own === undefined) {
      if (routeReports.get(key)) routeReports.delete(key);
      return;
    }
    const told = this.#counting(own.proxy).map(({ routes }) => routes.get(key));
    const remembered = { ...own, generation: this.#remembered?.route(own.route, own.uid) ?? 0 };
    routeReports.set(mergeRouteReports(own, told, routeReports.get(key) ?? remembered));
  }

  /** Replicas that have Envoys of the proxy, this one first: whose problem is told is then the same until one goes. */
  #counting(proxy: ProxyKey): PeerState[] {
    const peers = [...this.#peers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, state]) => state);
    return [this.own, ...peers].filter(({ proxies }) => proxies.has(proxy));
  }
}

/** Proxies that only one of the two has. */
const differenceOf = ({ proxies }: PeerState, others: ReadonlySet<ProxyKey>): ReadonlySet<ProxyKey> =>
  new Set(proxies.keys()).symmetricDifference(others);

/** Reports as their writer knows them; each change is told. */
class LocalReports<Report extends { readonly key: string }> implements Source<Report> {
  readonly name: string;
  readonly #reports: Map<string, Report>;
  readonly #told: (key: string, report?: Report) => void;

  constructor(name: string, reports: Map<string, Report>, told: (key: string, report?: Report) => void) {
    this.name = name;
    this.#reports = reports;
    this.#told = told;
  }

  get(key: string): Report | undefined {
    return this.#reports.get(key);
  }

  values(): IterableIterator<Report> {
    return this.#reports.values();
  }

  set(report: Report): void {
    if (!isDeepStrictEqual(this.#reports.get(report.key), report)) this.#told(report.key, report);
  }

  delete(key: string): void {
    if (this.#reports.has(key)) this.#told(key);
  }

  replaceAll(reports: Iterable<Report>): void {
    const next = new Map([...reports].map((report) => [report.key, report]));
    for (const key of this.#reports.keys()) if (!next.has(key)) this.delete(key);
    for (const report of next.values()) this.set(report);
  }
}
