import { describe, expect, test } from "vitest";
import { Graph, type Source } from "../../collections/index.ts";
import { isSpread, listenerKey, proxyKey } from "../../model/index.ts";
import { gatewayKeyOf } from "../gateways/managed-gateways.ts";
import type { ParametersOfGateway } from "../gateways/parameters.ts";
import type { Listener, ListenerClaim, ListenerParent } from "../listener.ts";
import { deriveListeners } from "./derive-listeners.ts";
import type { ListenerFilters } from "./listener-filters.ts";
import type { ListenerTls } from "./listener-tls.ts";

const gatewayOf = (name: string): ListenerParent => {
  const named = { namespace: "shop", name };
  return { kind: "Gateway", ...named, object: gatewayKeyOf(named) };
};
const web = gatewayOf("web");

interface Sketch {
  /** HTTP unless stated. */
  readonly protocol?: string;
  readonly gateway?: ListenerParent;
  /** The Gateway itself unless stated. */
  readonly parent?: ListenerParent;
  readonly hostname?: string;
}

const claimOf = (
  name: string,
  port: number,
  { protocol = "HTTP", gateway = web, parent = gateway, hostname }: Sketch = {},
): ListenerClaim => ({
  key: listenerKey(parent, name),
  parent,
  gateway: { namespace: gateway.namespace, name: gateway.name },
  gatewayObject: gateway.object,
  proxy: proxyKey("local"),
  index: 0,
  spec: {
    name,
    port,
    protocol,
    allowedRoutes: { namespaces: { from: "Same" } },
    ...(hostname !== undefined && { hostname }),
  },
  addresses: ["0.0.0.0"],
  refused: false,
});

const stated = (more: Partial<ParametersOfGateway>, { object } = web): ParametersOfGateway => ({
  key: object,
  parameters: {},
  overlays: [],
  ...more,
});

interface World {
  readonly parameters: Source<ParametersOfGateway>;
  /** Names of the listeners that are made for many hosts, sorted. */
  readonly many: () => readonly string[];
  /** How many listeners were derived, in all. */
  readonly work: () => number;
}

function createWorld(claims: readonly ListenerClaim[]): World {
  const graph = new Graph();
  const source = <T extends { readonly key: string }>(name: string): Source<T> =>
    graph.source<T>({ name, key: ({ key }) => key });
  const claimed = source<ListenerClaim>("claims");
  const parameters = source<ParametersOfGateway>("parameters");
  const listeners = deriveListeners(graph, claimed, {
    tls: source<ListenerTls>("tls"),
    listenerFilters: source<ListenerFilters>("filters"),
    parameters,
  });
  graph.batch(() => {
    for (const claim of claims) claimed.set(claim);
  });
  return {
    parameters,
    many: () =>
      [...listeners.values()]
        .filter((one: Listener) => one.table !== undefined && isSpread(one.table))
        .map(({ name }) => name)
        .sort(),
    work: () => graph.describe().find(({ name }) => name === "translate/Listeners")?.recomputations ?? 0,
  };
}

describe("listeners of a Gateway for many hosts", () => {
  const set: ListenerParent = { ...gatewayOf("more"), kind: "ListenerSet" };
  const claims = [
    claimOf("http", 80),
    claimOf("exact-http", 80, { hostname: "a.example.com" }),
    claimOf("http-of-set", 81, { parent: set }),
    claimOf("https", 443, { protocol: "HTTPS" }),
    claimOf("wildcard-https", 443, { protocol: "HTTPS", hostname: "*.example.com" }),
    claimOf("exact-https", 443, { protocol: "HTTPS", hostname: "a.example.com" }),
    claimOf("tls", 444, { protocol: "TLS", hostname: "*.example.com" }),
    claimOf("tcp", 90, { protocol: "TCP" }),
  ];

  test("are those of HTTP, and those of HTTPS that are for more than one name, of its ListenerSets as well", () => {
    const { parameters, many } = createWorld(claims);
    parameters.set(stated({ hosts: "Many" }));
    expect(many()).toEqual(["exact-http", "http", "http-of-set", "https", "wildcard-https"]);
  });

  test.each<[string, Partial<ParametersOfGateway>]>([
    ["say Few", { hosts: "Few" }],
    ["say nothing of it", {}],
  ])("are as others once its parameters %s", (_, more) => {
    const { parameters, many } = createWorld(claims);
    parameters.set(stated({ hosts: "Many" }));
    parameters.set(stated(more));
    expect(many()).toEqual([]);
  });
});

test("parameters concern the listeners of their Gateway, and only what they say of hosts", () => {
  const other = gatewayOf("other");
  const { parameters, many, work } = createWorld([
    claimOf("one", 80),
    claimOf("two", 81),
    claimOf("tcp", 90, { protocol: "TCP" }),
    claimOf("others", 82, { gateway: other }),
  ]);
  const workOf = (change: ParametersOfGateway): number => {
    const before = work();
    parameters.set(change);
    return work() - before;
  };
  expect(workOf(stated({ hosts: "Many" }))).toBe(2);
  expect(workOf(stated({ hosts: "Many", parameters: { replicas: 3 } }))).toBe(0);
  expect(workOf(stated({ hosts: "Few" }, other))).toBe(0);
  expect(workOf(stated({ hosts: "Many" }, other))).toBe(1);
  expect(many()).toEqual(["one", "others", "two"]);
});
