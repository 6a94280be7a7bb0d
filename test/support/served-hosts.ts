/**
 * Hosts served by a real Envoy, for one test file: hosts are registered while tests are collected, and one Envoy with
 * all of them runs while the tests do.
 */
import { afterAll, beforeAll } from "vitest";
import type { HttpEntry, HttpRule, RuleFilters } from "../../src/model/index.ts";
import { startEchoServer } from "./echo-server.ts";
import type { EchoServer } from "./echo-server.ts";
import { envoyBinary } from "./envoy-binary.ts";
import { freePorts } from "./free-ports.ts";
import { entryOf, forwardTo, httpModelOf, matchOf, noFilters, ruleOf, weighted } from "./http-model.ts";
import { recordsOf } from "./model-records.ts";
import { plainRequest } from "./plain-request.ts";
import type { PlainAnswer } from "./plain-request.ts";
import { staticBootstrap } from "./static-bootstrap.ts";
import { startStaticEnvoy } from "./static-envoy.ts";
import type { StaticEnvoy } from "./static-envoy.ts";

export type RequestOptions = NonNullable<Parameters<typeof plainRequest>[3]>;

export interface ServedHosts {
  /** There is no Envoy on this machine. */
  readonly missing: boolean;
  readonly backends: ReadonlyMap<string, EchoServer>;
  /** Registers a host under a name that nobody else has, and returns it. */
  readonly host: (domain: string, ...entries: readonly HttpEntry[]) => string;
  readonly ask: (domain: string, path: string, options?: RequestOptions) => Promise<PlainAnswer>;
  /** The label of the entry that a request came by, or the status where it came by none. */
  readonly labelOf: (domain: string, path: string, options?: RequestOptions) => Promise<unknown>;
}

/** Backends by name: servers that echo. */
export function serveHosts(...names: readonly string[]): ServedHosts {
  const binary = envoyBinary();
  const hosts: { domain: string; entries: readonly HttpEntry[] }[] = [];
  const backends = new Map<string, EchoServer>();
  let envoy: StaticEnvoy | undefined;
  let port = 0;
  beforeAll(async () => {
    if (binary === undefined) return;
    for (const name of names) backends.set(name, await startEchoServer(name));
    [port = 0] = await freePorts(1);
    const servers = new Map([...backends].map(([name, server]) => [name, server.port]));
    envoy = await startStaticEnvoy(binary, staticBootstrap(recordsOf(httpModelOf(port, hosts, servers))));
  }, 60_000);
  afterAll(async () => {
    await envoy?.stop();
    await Promise.all([...backends.values()].map(async (server) => await server.stop()));
  });
  const ask: ServedHosts["ask"] = async (domain, path, options) => await plainRequest(port, domain, path, options);
  return {
    missing: binary === undefined,
    backends,
    ask,
    host: (domain, ...entries) => {
      hosts.push({ domain, entries });
      return domain;
    },
    labelOf: async (domain, path, options) => {
      const { status, echoed } = await ask(domain, path, options);
      return echoed?.headers["x-entry"] ?? status;
    },
  };
}

export const onAny = (rule: HttpRule, path = "/*"): HttpEntry => entryOf(matchOf(path), rule);

/** Forwards to `a` with these filters. */
export const filtered = (filters: Partial<RuleFilters>): HttpRule =>
  ruleOf("filtered", forwardTo(weighted("a")), { filters: { ...noFilters, ...filters } });
