/**
 * Drives a graph through batches of random edits and holds it, after each batch, against the same web worked out by hand:
 * contents, failures, what subscribers were told and when, and that nothing is left behind when the web is removed.
 */
import * as fc from "fast-check";
import { type Change, type Collection, type Graph, structurallyEqual } from "../index.ts";
import { type Expected, sorted, WebByHand } from "./web-by-hand.ts";
import {
  type Facts,
  type Gateway,
  type Keyed,
  makeSources,
  makeWeb,
  type Route,
  type Service,
  type Web,
} from "./web.ts";

export type Edit =
  | { readonly source: "services"; readonly key: string; readonly value: Service | undefined }
  | { readonly source: "routes"; readonly key: string; readonly value: Route | undefined }
  | { readonly source: "gateways"; readonly key: string; readonly value: Gateway | undefined };

const oneOf = (letters: string): fc.Arbitrary<string> => fc.constantFrom(...letters.split(""));
const someOf = (letters: string): fc.Arbitrary<string[]> => fc.uniqueArray(oneOf(letters), { maxLength: 2 });

const service: fc.Arbitrary<Service> = fc.record({
  key: oneOf("abc"),
  port: fc.nat(3),
  alias: oneOf("mn"),
  revision: fc.nat(2),
});
const route: fc.Arbitrary<Route> = fc.record({
  key: oneOf("pqrst"),
  service: oneOf("abc"),
  gateway: oneOf("gh"),
  hosts: someOf("xyz"),
  names: someOf("mno"),
});
const gateway: fc.Arbitrary<Gateway> = fc.record({ key: oneOf("gh"), label: oneOf("12") });

/** Few keys, so that a batch often has one twice and conflicts are common. */
const edit: fc.Arbitrary<Edit> = fc.oneof(
  editOf(service, (key, value) => ({ source: "services", key, value })),
  editOf(route, (key, value) => ({ source: "routes", key, value })),
  editOf(gateway, (key, value) => ({ source: "gateways", key, value })),
);

export const batches: fc.Arbitrary<Edit[][]> = fc.array(fc.array(edit, { minLength: 1, maxLength: 6 }), {
  minLength: 10,
  maxLength: 40,
  size: "max",
});

function editOf<T extends Keyed>(
  value: fc.Arbitrary<T>,
  make: (key: string, value: T | undefined) => Edit,
): fc.Arbitrary<Edit> {
  return fc.tuple(value, fc.nat(3)).map(([made, die]) => make(made.key, die === 0 ? undefined : made));
}

/** Collections that owe nothing to history. */
const PURE_COLLECTIONS = ["bindings", "tables", "hosts", "sizes", "parities", "views", "counts"];

/** Throws at the first difference. */
export function followWeb(makeGraph: () => Graph, steps: readonly (readonly Edit[])[]): void {
  const follower = new Follower(makeGraph());
  for (const step of steps) follower.step(step);
  const again = makeGraph();
  const fresh = makeWeb(again, makeSources(again));
  fill(again, fresh, follower.facts);
  for (const name of PURE_COLLECTIONS)
    expectEqual(`${name} of a new graph`, contentOf(fresh.derived[name]), contentOf(follower.web.derived[name]));
  follower.removeWeb();
}

class Follower {
  readonly web: Web;
  readonly facts = {
    services: new Map<string, Service>(),
    routes: new Map<string, Route>(),
    gateways: new Map<string, Gateway>(),
  } satisfies Facts;
  readonly #graph: Graph;
  readonly #byHand = new WebByHand();
  readonly #scope: Disposable;
  readonly #mirrors = new Map<string, Map<string, Keyed>>();
  #expected: Expected | undefined;

  constructor(graph: Graph) {
    this.#graph = graph;
    const sources = makeSources(graph);
    const scope = graph.scope();
    this.web = scope.run(() => {
      const web = makeWeb(graph, sources);
      for (const collection of [...Object.values(web.derived), ...Object.values(sources)])
        graph.subscribe<Keyed>(collection, (changes) => this.#take(collection.name, changes));
      return web;
    });
    this.#scope = scope;
  }

  step(edits: readonly Edit[]): void {
    for (const { source, key, value } of edits) {
      const facts: Map<string, Keyed> = this.facts[source];
      if (value === undefined) facts.delete(key);
      else facts.set(key, value);
    }
    this.#expected = this.#byHand.next(this.facts);
    this.#graph.batch(() => {
      for (const edit of edits) apply(this.web.sources, edit);
    });
    this.#check();
    for (const [name, content] of Object.entries(this.#expected.contents))
      expectEqual(`what was told of ${name}`, sorted([...(this.#mirrors.get(name)?.values() ?? [])]), content);
    expectEqual("failures", [...this.#graph.failures.keys()].sort(), this.#expected.failures);
  }

  /** Nothing that the web registered may stay on the sources, and nobody is left to be told. */
  removeWeb(): void {
    this.#scope[Symbol.dispose]();
    const left = this.#graph.describe().map(({ indexes, watches, subscribers }) => ({ indexes, watches, subscribers }));
    expectEqual(
      "what is left",
      left,
      Array.from({ length: 3 }, () => ({ indexes: [], watches: 0, subscribers: 0 })),
    );
    expectEqual("failures left", [...this.#graph.failures.keys()], []);
    for (const [name, edits] of Object.entries(this.facts))
      for (const key of edits.keys()) this.web.sources[name as keyof Facts].delete(key);
    expectEqual("collections that are gone", this.#graph.describe().length, 3);
  }

  /** Checks the whole state at every telling: whoever is told must see a settled state. */
  #take(name: string, changes: readonly Change<Keyed>[]): void {
    const mirror = this.#mirrors.get(name) ?? new Map<string, Keyed>();
    this.#mirrors.set(name, mirror);
    for (const { key, before, after } of changes) {
      expectEqual(`before of ${name}/${key}`, before, mirror.get(key));
      if (structurallyEqual(before, after)) throw new Error(`no change of ${name}/${key} was told`);
      if (after === undefined) mirror.delete(key);
      else mirror.set(key, after);
    }
    this.#check();
  }

  #check(): void {
    for (const collection of [...Object.values(this.web.sources), ...Object.values(this.web.derived)])
      expectEqual(collection.name, contentOf(collection), this.#expected?.contents[collection.name]);
  }
}

function apply(sources: Web["sources"], edit: Edit): void {
  if (edit.value === undefined) sources[edit.source].delete(edit.key);
  else if (edit.source === "services") sources.services.set(edit.value);
  else if (edit.source === "routes") sources.routes.set(edit.value);
  else sources.gateways.set(edit.value);
}

function fill(graph: Graph, { sources }: Web, facts: Facts): void {
  graph.batch(() => {
    for (const value of [...facts.gateways.values()].reverse()) sources.gateways.set(value);
    for (const value of [...facts.routes.values()].reverse()) sources.routes.set(value);
    for (const value of [...facts.services.values()].reverse()) sources.services.set(value);
  });
}

const contentOf = (collection: Collection<Keyed> | undefined): Keyed[] => sorted([...(collection?.values() ?? [])]);

function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (structurallyEqual(found, expected)) return;
  throw new Error(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}
