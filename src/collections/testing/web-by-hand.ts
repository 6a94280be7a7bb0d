/**
 * The web of web.ts worked out from the facts by plain loops, without a graph. It remembers only what a graph's state may
 * owe to history: who holds a contested key, and the last good outputs of an input that fails.
 */
import { compareKeys } from "../compare-keys.ts";
import type { Group } from "../index.ts";
import { type Facts, type Keyed, type Named, type Route, rules } from "./web.ts";

type Content = readonly Keyed[];

export interface Expected {
  /** By collection name, sorted by key. */
  readonly contents: Readonly<Record<string, Content>>;
  /** The names of the failures, sorted. */
  readonly failures: readonly string[];
}

export class WebByHand {
  readonly #owners = new Map<string, ReadonlyMap<string, string>>();
  readonly #lastGood = new Map<string, Named>();

  next(facts: Facts): Expected {
    const byHost = bindingsByHand(facts);
    const byName = this.#names(facts);
    const contents = { ...contentsOfFacts(facts), ...byHost, ...byName.contents };
    const zero = inOrder(facts.services).filter(({ port }) => port === 0);
    const failures = [...byName.failures, ...zero.map(({ key }) => `services[parities]/${key}`)];
    return { contents, failures: failures.sort(compareKeys) };
  }

  #names(facts: Facts): { contents: Record<string, Content>; failures: string[] } {
    const routes = inOrder(facts.routes);
    const names = this.#settle("names", new Map(routes.map((route) => [route.key, rules.names(route)])));
    const aliases = this.#settle(
      "aliases",
      new Map(inOrder(facts.services).map((service) => [service.key, [rules.alias(service)]])),
    );
    const allNames = this.#settle(
      "allNames",
      new Map([
        ["aliases", aliases.content],
        ["names", names.content],
      ]),
    );
    const fragile = this.#fragile(facts, routes);
    const directories = inOrder(facts.gateways).map(({ key }) => ({
      key,
      names: allNames.content.map((name) => `${name.key} ${name.owner}`),
    }));
    return {
      contents: {
        names: names.content,
        aliases: aliases.content,
        allNames: allNames.content,
        fragile: fragile.content,
        directories,
      },
      failures: [...names.failures, ...aliases.failures, ...allNames.failures, ...fragile.failures],
    };
  }

  #fragile(facts: Facts, routes: readonly Route[]): { content: readonly Named[]; failures: string[] } {
    const thrown: string[] = [];
    for (const key of this.#lastGood.keys()) if (!facts.routes.has(key)) this.#lastGood.delete(key);
    for (const route of routes) {
      try {
        this.#lastGood.set(route.key, rules.fragile(route, facts.services.get(route.service)));
      } catch {
        thrown.push(`fragile/${route.key}`);
      }
    }
    const settled = this.#settle("fragile", new Map([...this.#lastGood].map(([key, named]) => [key, [named]])));
    return { content: settled.content, failures: [...new Set([...settled.failures, ...thrown])] };
  }

  /** The owner of before, if it still claims the key; else the least of those who do. */
  #settle(
    collection: string,
    claims: ReadonlyMap<string, readonly Named[]>,
  ): { content: readonly Named[]; failures: string[] } {
    const before = this.#owners.get(collection);
    const owners = new Map<string, string>();
    const claimants = [...claims.keys()].sort(compareKeys);
    for (const claimant of claimants)
      for (const { key } of claims.get(claimant) ?? [])
        if (!owners.has(key) || before?.get(key) === claimant) owners.set(key, claimant);
    this.#owners.set(collection, owners);
    const all = claimants.flatMap((claimant) => (claims.get(claimant) ?? []).map((value) => ({ claimant, value })));
    const losers = all.filter(({ claimant, value }) => owners.get(value.key) !== claimant);
    return {
      content: sorted(
        all.filter(({ claimant, value }) => owners.get(value.key) === claimant).map(({ value }) => value),
      ),
      failures: [...new Set(losers.map(({ claimant }) => `${collection}/${claimant}`))],
    };
  }
}

function contentsOfFacts(facts: Facts): Record<string, Content> {
  return { services: inOrder(facts.services), routes: inOrder(facts.routes), gateways: inOrder(facts.gateways) };
}

function bindingsByHand(facts: Facts): Record<string, Content> {
  const bindings = sorted(
    inOrder(facts.routes).flatMap((route) =>
      rules.bindings(route, facts.gateways.get(route.gateway), facts.services.get(route.service)?.port),
    ),
  );
  const tables = inOrder(facts.gateways).map((gateway) =>
    rules.table(
      gateway,
      bindings.filter((binding) => binding.gateway === gateway.key),
    ),
  );
  const hosts = grouped(bindings, ({ host }) => host);
  const entriesOf = (gateway: string): number | undefined => tables.find(({ key }) => key === gateway)?.entries.length;
  return {
    bindings,
    tables,
    hosts,
    sizes: grouped(hosts, ({ members }) => `${members.length}`),
    parities: grouped(
      inOrder(facts.services).filter(({ port }) => port !== 0),
      (service) => rules.parity(service).join(""),
    ),
    views: hosts.map(({ key, members }) => ({
      key,
      seen: members.map(({ gateway, port }) => [port, entriesOf(gateway)]),
    })),
    counts: inOrder(facts.services).map(({ key }) => ({
      key,
      routes: inOrder(facts.routes).filter(({ service }) => service === key).length,
      size: hosts.find((host) => host.key === "x")?.members.length,
    })),
  };
}

function grouped<T extends Keyed>(values: readonly T[], tokenOf: (value: T) => string): Group<T>[] {
  const tokens = [...new Set(values.map(tokenOf))].sort(compareKeys);
  return tokens.map((key) => ({ key, members: values.filter((value) => tokenOf(value) === key) }));
}

const inOrder = <T extends Keyed>(values: ReadonlyMap<string, T>): T[] => sorted([...values.values()]);

export const sorted = <T extends Keyed>(values: readonly T[]): T[] =>
  values.toSorted((a, b) => compareKeys(a.key, b.key));
