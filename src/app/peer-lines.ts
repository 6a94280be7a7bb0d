/**
 * What a replica tells the others, as lines of JSON: first who it is, then all it knows, then that this was the whole, and from
 * then on what changes. A line replaces what was said of the same thing before. Unknown kinds of lines are skipped, so that
 * later versions may say more.
 */
import type { ProxyKey, SocketKey } from "../model/index.ts";
import type { RouteReport, SocketReport } from "../translate/index.ts";

export const PEER_PROTOCOL = 1;

export type PeerLine =
  | { readonly type: "hello"; readonly protocol: number; readonly replica: string }
  /** Envoys of the proxy with a stream to this replica, and how many of them have all that they are to have. */
  | { readonly type: "proxy"; readonly proxy: ProxyKey; readonly connected: number; readonly current: number }
  /** Without a report there is none any more. */
  | { readonly type: "socket"; readonly key: SocketKey; readonly report?: SocketReport }
  | { readonly type: "route"; readonly key: string; readonly report?: RouteReport }
  | { readonly type: "whole" }
  /** Nothing is new. */
  | { readonly type: "alive" };

/** How many Envoys of a proxy there are at a replica. */
export interface ProxyCount {
  readonly connected: number;
  readonly current: number;
}

/** The lines of one replica, taken together. */
export class PeerState {
  readonly proxies: Map<ProxyKey, ProxyCount> = new Map();
  readonly sockets: Map<SocketKey, SocketReport> = new Map();
  readonly routes: Map<string, RouteReport> = new Map();

  take(line: PeerLine): void {
    switch (line.type) {
      case "proxy":
        if (line.connected === 0) this.proxies.delete(line.proxy);
        else this.proxies.set(line.proxy, { connected: line.connected, current: line.current });
        break;
      case "socket":
        if (line.report === undefined) this.sockets.delete(line.key);
        else this.sockets.set(line.key, line.report);
        break;
      case "route":
        if (line.report === undefined) this.routes.delete(line.key);
        else this.routes.set(line.key, line.report);
        break;
      case "hello":
      case "whole":
      case "alive":
        break;
    }
  }

  /** All of it, as lines. */
  lines(): PeerLine[] {
    return [
      ...[...this.proxies].map(([proxy, count]): PeerLine => ({ type: "proxy", proxy, ...count })),
      ...[...this.sockets].map(([key, report]): PeerLine => ({ type: "socket", key, report })),
      ...[...this.routes].map(([key, report]): PeerLine => ({ type: "route", key, report })),
    ];
  }

  /** What is known of the same thing as the line is about, as a line; without a report that says nothing. */
  lineLike(line: PeerLine): PeerLine {
    switch (line.type) {
      case "proxy":
        return { type: "proxy", proxy: line.proxy, ...(this.proxies.get(line.proxy) ?? { connected: 0, current: 0 }) };
      case "socket": {
        const report = this.sockets.get(line.key);
        return { type: "socket", key: line.key, ...(report && saysSomething(report) && { report }) };
      }
      case "route": {
        const report = this.routes.get(line.key);
        return { type: "route", key: line.key, ...(report && saysSomething(report) && { report }) };
      }
      case "hello":
      case "whole":
      case "alive":
        return line;
    }
  }
}

/** Whether with the line anything is known that is not without it: of most reports there is nothing to tell where no Envoy has the thing. */
export const isWorthTelling = (line: PeerLine): boolean =>
  (line.type !== "socket" && line.type !== "route") || (line.report !== undefined && saysSomething(line.report));

function saysSomething(report: SocketReport | RouteReport): boolean {
  const isProgrammed = "programmed" in report ? report.programmed.length > 0 : report.generation > 0;
  return isProgrammed || report.problem !== undefined;
}

/** Lines with one topic replace each other. */
export function topicOf(line: PeerLine): string {
  switch (line.type) {
    case "proxy":
      return `proxy ${line.proxy}`;
    case "socket":
    case "route":
      return `${line.type} ${line.key}`;
    case "hello":
    case "whole":
    case "alive":
      return line.type;
  }
}
