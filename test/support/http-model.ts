/** Builds the HTTP part of a model for tests: hosts of one plain listener, and backends that are servers on loopback. */
import type {
  Backend,
  BackendKey,
  EndpointSet,
  HttpAction,
  HttpEntry,
  HttpMatch,
  HttpRule,
  Mirror,
  PathMatch,
  RuleFilters,
  ValueMatch,
  VirtualHost,
  WeightedBackend,
} from "../../src/model/index.ts";
import {
  endpointSetKey,
  listenerKey,
  proxyKey,
  routeTableKey,
  socketKey,
  virtualHostKey,
} from "../../src/model/index.ts";
import type { Model } from "./model-records.ts";

const proxy = proxyKey("local");

export const backendKey = (name: string): BackendKey => `Service/test/${name}/80` as BackendKey;
const originOf = (name: string) => ({ kind: "Service", namespace: "test", name, port: 80 }) as const;

/** `/a*` is a prefix, `~expression` a regular expression, anything else exact. */
function pathOf(text: string): PathMatch {
  if (text.startsWith("~")) return { type: "RegularExpression", value: text.slice(1) };
  return text.endsWith("*") ? { type: "PathPrefix", value: text.slice(0, -1) } : { type: "Exact", value: text };
}

export interface MatchOptions {
  readonly method?: string;
  /** Values that begin with `~` are regular expressions. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

export function matchOf(path: string, { method, headers = {}, query = {} }: MatchOptions = {}): HttpMatch {
  const values = (record: Readonly<Record<string, string>>): ValueMatch[] =>
    Object.entries(record)
      .map(([name, value]): ValueMatch =>
        value.startsWith("~")
          ? { name, type: "RegularExpression", value: value.slice(1) }
          : { name, type: "Exact", value },
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    path: pathOf(path),
    headers: values(headers),
    queryParams: values(query),
    ...(method === undefined ? {} : { method }),
  };
}

export const noFilters: RuleFilters = { mirrors: [] };

export function ruleOf(name: string, action: HttpAction, rest: Partial<HttpRule> = {}): HttpRule {
  const origin = { kind: "HTTPRoute", namespace: "test", name, rule: 0 } as const;
  return { origin, grpc: false, action, filters: noFilters, ...rest };
}

export const entryOf = (match: HttpMatch, rule: HttpRule): HttpEntry => ({ match, matchIndex: 0, rule });

export const weighted = (name: string, weight = 1, filters: Partial<RuleFilters> = {}): WeightedBackend => ({
  weight,
  target: { kind: "backend", backend: backendKey(name), origin: originOf(name) },
  filters: { ...noFilters, ...filters },
});

export const forwardTo = (...backends: readonly WeightedBackend[]): HttpAction => ({ kind: "forward", backends });

/** An entry whose requests go to a backend, which is told the entry's name. */
export function labelled(label: string, path: string, options: MatchOptions = {}): HttpEntry {
  const requestHeaders = { set: [{ name: "x-entry", value: label }], add: [], remove: [] };
  return entryOf(
    matchOf(path, options),
    ruleOf(label, forwardTo(weighted("a")), { filters: { ...noFilters, requestHeaders } }),
  );
}

export const mirrorTo = (name: string, numerator: number, denominator: number): Mirror => ({
  backend: backendKey(name),
  origin: originOf(name),
  numerator,
  denominator,
});

const table = (port: number) => routeTableKey(socketKey(proxy, "127.0.0.1", "tcp", port));

/** A host of the plain listener on 80, whatever port it really has. */
export function hostOf(domain: string, entries: readonly HttpEntry[], listenerPort = 0): VirtualHost {
  const key = table(listenerPort);
  return { key: virtualHostKey(key, domain), table: key, proxy, port: 80, domain, purpose: "serve", entries };
}

/** The model with one plain listener at `port` of loopback. Backends by name, with the ports of their servers. */
export function httpModelOf(
  port: number,
  hosts: readonly Pick<VirtualHost, "domain" | "entries">[],
  backends: ReadonlyMap<string, number>,
): Model {
  const key = socketKey(proxy, "127.0.0.1", "tcp", port);
  const gateway = { namespace: "test", name: "gateway" };
  const listener = listenerKey({ kind: "Gateway", ...gateway }, "http");
  const chain = { kind: "http", listeners: [listener], table: table(port) } as const;
  return {
    sockets: [{ key, proxy, gateway, transport: "tcp", address: "127.0.0.1", port, chains: [chain] }],
    routeTables: [{ key: table(port), proxy, port: 80 }],
    virtualHosts: hosts.map(({ domain, entries }) => hostOf(domain, entries, port)),
    backends: [...backends.keys()].map(backendOf),
    endpointSets: [...backends].map(([name, at]) => endpointsOf(name, at)),
  };
}

const endpointsKey = (name: string) => endpointSetKey({ kind: "Service", namespace: "test", name }, 80);

const backendOf = (name: string): Backend => ({
  key: backendKey(name),
  origin: originOf(name),
  protocol: "http",
  endpoints: endpointsKey(name),
});

const endpointsOf = (name: string, port: number): EndpointSet => ({
  key: endpointsKey(name),
  origin: originOf(name),
  endpoints: [{ address: "127.0.0.1", port }],
});
