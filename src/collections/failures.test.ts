import { describe, expect, test } from "vitest";
import { type Failure, Graph } from "./index.ts";

interface Claim {
  readonly name: string;
  readonly keys: readonly string[];
  readonly value?: number;
}

interface Holding {
  readonly key: string;
  readonly owner: string;
  readonly value: number | undefined;
}

function claimsAndHoldings() {
  const graph = new Graph();
  const claims = graph.source<Claim>({ name: "Claims", key: ({ name }) => name });
  const holdings = graph.derive<Claim, Holding>({
    name: "Holdings",
    key: ({ key }) => key,
    from: claims,
    map: ({ name, keys, value }) => keys.map((key) => ({ key, owner: name, value })),
  });
  const owners = (): Record<string, string> =>
    Object.fromEntries([...holdings.values()].map(({ key, owner }) => [key, owner]));
  return { graph, claims, holdings, owners };
}

const messages = (graph: Graph): Record<string, string> =>
  Object.fromEntries([...graph.failures].map(([id, error]) => [id, String(error)]));

describe("of two inputs that produce one key", () => {
  test("the first keeps it, and the other has a failure but all its other keys", () => {
    const { graph, claims, owners } = claimsAndHoldings();
    claims.set({ name: "late in the alphabet", keys: ["k"] });
    claims.set({ name: "a", keys: ["k", "own"] });
    claims.set({ name: "late in the alphabet", keys: ["k"], value: 2 });
    expect({ owners: owners(), failures: messages(graph) }).toEqual({
      owners: { k: "late in the alphabet", own: "a" },
      failures: { "Holdings/a": "Error: Holdings: k of a is held by late in the alphabet" },
    });
  });

  test("the other gets it when the owner goes", () => {
    const { graph, claims, holdings } = claimsAndHoldings();
    claims.set({ name: "a", keys: ["k"] });
    claims.set({ name: "b", keys: ["k"], value: 1 });
    claims.set({ name: "b", keys: ["k"], value: 2 });
    claims.delete("a");
    expect({ holdings: [...holdings.values()], failures: messages(graph) }).toEqual({
      holdings: [{ key: "k", owner: "b", value: 2 }],
      failures: {},
    });
  });

  test("the other gets it when the owner moves to another key, and they may swap in one batch", () => {
    const { graph, claims, owners } = claimsAndHoldings();
    claims.set({ name: "a", keys: ["k"] });
    claims.set({ name: "b", keys: ["k"] });
    claims.set({ name: "a", keys: ["l"] });
    const moved = owners();
    graph.batch(() => {
      claims.set({ name: "a", keys: ["k"] });
      claims.set({ name: "b", keys: ["l"] });
    });
    expect({ moved, swapped: owners(), failures: messages(graph) }).toEqual({
      moved: { k: "b", l: "a" },
      swapped: { k: "a", l: "b" },
      failures: {},
    });
  });

  test("the least takes over among several that wait, and the rest are told who holds it now", () => {
    const { graph, claims, owners } = claimsAndHoldings();
    for (const name of ["z", "c", "b"]) claims.set({ name, keys: ["k"] });
    claims.delete("z");
    expect({ owners: owners(), failures: messages(graph) }).toEqual({
      owners: { k: "b" },
      failures: { "Holdings/c": "Error: Holdings: k of c is held by b" },
    });
  });

  test("the least gets it when they come together, in whatever order", () => {
    const outcomes = [
      ["a", "b"],
      ["b", "a"],
    ].map((names) => {
      const { graph, claims, owners } = claimsAndHoldings();
      graph.batch(() => {
        for (const name of names) claims.set({ name, keys: ["k"] });
      });
      return owners();
    });
    expect(outcomes).toEqual([{ k: "a" }, { k: "a" }]);
  });

  test("in a union, the first collection keeps it and the other's failure goes when it gets it", () => {
    const graph = new Graph();
    const one = graph.source<Holding>({ name: "One", key: ({ key }) => key });
    const two = graph.source<Holding>({ name: "Two", key: ({ key }) => key });
    const both = graph.union({ name: "Both", of: [one, two] });
    two.set({ key: "k", owner: "two", value: 1 });
    one.set({ key: "k", owner: "one", value: 1 });
    one.set({ key: "l", owner: "one", value: 1 });
    const first = { owner: both.get("k")?.owner, failures: messages(graph) };
    two.delete("k");
    expect([first, { owner: both.get("k")?.owner, failures: messages(graph) }]).toEqual([
      { owner: "two", failures: { "Both/One": "Error: Both: k of One is held by Two" } },
      { owner: "one", failures: {} },
    ]);
  });
});

describe("an input whose map throws", () => {
  function fragile() {
    const graph = new Graph();
    const names = graph.source<{ name: string }>({ name: "Names", key: ({ name }) => name });
    const limits = graph.source<{ name: string; limit: number }>({ name: "Limits", key: ({ name }) => name });
    const results = graph.derive<{ name: string }, { name: string; limit: number }>({
      name: "Results",
      key: ({ name }) => name,
      from: names,
      reads: [limits],
      map: ({ name }, read) => {
        const limit = read.pick(limits, name, (found) => {
          if (found === undefined || found.limit < 0) throw new Error(`bad limit of ${name}: ${found?.limit}`);
          return found.limit;
        });
        return [{ name, limit }];
      },
    });
    return { graph, names, limits, results };
  }

  test("keeps its last good outputs, is found among the failures, and is repaired by what it had read", () => {
    const { graph, names, limits, results } = fragile();
    names.set({ name: "a" });
    const first = messages(graph);
    limits.set({ name: "a", limit: 1 });
    const repaired = { content: [...results.values()], failures: messages(graph) };
    limits.set({ name: "a", limit: -1 });
    const broken = { content: [...results.values()], failures: messages(graph) };
    names.delete("a");
    expect({ first, repaired, broken, gone: { content: [...results.values()], failures: messages(graph) } }).toEqual({
      first: { "Results/a": "Error: bad limit of a: undefined" },
      repaired: { content: [{ name: "a", limit: 1 }], failures: {} },
      broken: { content: [{ name: "a", limit: 1 }], failures: { "Results/a": "Error: bad limit of a: -1" } },
      gone: { content: [], failures: {} },
    });
  });

  test("is told to those who asked, once per failure and not again for the same", () => {
    const { graph, names, limits } = fragile();
    const told: Failure[] = [];
    const listening = graph.onFailure((failure) => told.push(failure));
    names.set({ name: "a" });
    limits.set({ name: "b", limit: 1 });
    names.delete("a");
    names.set({ name: "a" });
    limits.set({ name: "a", limit: -1 });
    listening[Symbol.dispose]();
    limits.set({ name: "a", limit: -2 });
    expect(told).toEqual(
      [undefined, undefined, -1].map((limit) => ({
        collection: "Results",
        input: "a",
        error: new Error(`bad limit of a: ${limit}`),
      })),
    );
  });

  test("does not stop others", () => {
    const { graph, names, limits, results } = fragile();
    graph.batch(() => {
      for (const name of ["a", "b", "c"]) names.set({ name });
      for (const name of ["a", "c"]) limits.set({ name, limit: 1 });
    });
    expect([...results.values()].map(({ name }) => name)).toEqual(["a", "c"]);
  });

  test("also fails by giving one key twice", () => {
    const { graph, claims, owners } = claimsAndHoldings();
    claims.set({ name: "a", keys: ["k"] });
    claims.set({ name: "a", keys: ["l", "l"] });
    expect({ owners: owners(), failures: messages(graph) }).toEqual({
      owners: { k: "a" },
      failures: { "Holdings/a": "Error: Holdings: one input gives l twice" },
    });
  });
});

test("a value whose tokens cannot be told is under none, and its failure goes with its cause", () => {
  const { graph, claims } = claimsAndHoldings();
  const groups = graph.groups<Claim>({
    name: "Groups",
    of: claims,
    by: ({ keys: [first], name }) => {
      if (first === undefined) throw new Error(`${name} has no key`);
      return [first];
    },
  });
  const state = (): unknown => ({ groups: [...groups.values()].map(({ key }) => key), failures: messages(graph) });
  const states: unknown[] = [];
  for (const keys of [["k"], [], ["l"], []]) {
    claims.set({ name: "a", keys });
    states.push(state());
  }
  claims.delete("a");
  const failure = { "Claims[Groups]/a": "Error: a has no key" };
  expect([...states, state()]).toEqual([
    { groups: ["k"], failures: {} },
    { groups: [], failures: failure },
    { groups: ["l"], failures: {} },
    { groups: [], failures: failure },
    { groups: [], failures: {} },
  ]);
});
