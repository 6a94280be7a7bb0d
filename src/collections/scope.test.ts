import { describe, expect, test } from "vitest";
import { type Collection, Graph, type Source } from "./index.ts";

interface Item {
  readonly name: string;
  readonly next: string;
}

const keyOf = ({ name }: Item): string => name;

function someItems() {
  const graph = new Graph();
  const items = graph.source<Item>({ name: "Items", key: keyOf });
  items.replaceAll(["a", "b", "c"].map((name) => ({ name, next: "a" })));
  return { graph, items };
}

/** One of everything that registers itself somewhere. */
function makeEverything(graph: Graph, items: Source<Item>, told: string[]): Collection<Item> {
  const byNext = graph.index<Item>(items, "by next", ({ next }) => [next]);
  const extra = graph.source<Item>({ name: "Extra", key: keyOf });
  const groups = graph.groups<Item>({ name: "Groups", of: items, by: ({ next }) => [next] });
  const links = graph.derive<Item, Item>({
    name: "Links",
    key: keyOf,
    from: items,
    reads: [items, extra, groups],
    map: (item, read) => {
      read.get(items, item.next);
      read.pick(groups, item.next, (group) => group?.members.length);
      read.count(byNext, item.name);
      if (read.all(items).length > 3 && item.name === "a") throw new Error("too many");
      return read.by(byNext, item.name);
    },
  });
  graph.union<Item>({ name: "Union", of: [items, extra] });
  graph.subscribe(items, () => told.push("subscriber"));
  graph.onSettled(() => told.push("settled"));
  graph.onFailure(() => told.push("failure"));
  return links;
}

describe("disposing of a scope", () => {
  test("removes all that was made in it, and leaves nothing on the collections outside", () => {
    const { graph, items } = someItems();
    const before = graph.describe();
    const told: string[] = [];
    const scope = graph.scope();
    const links = scope.run(() => makeEverything(graph, items, told));
    items.set({ name: "d", next: "b" });
    const during = {
      links: [...links.values()].map(keyOf),
      failures: [...graph.failures.keys()].sort(),
      told: [...told],
    };
    items.delete("d");
    items.set({ name: "d", next: "b" });
    told.length = 0;
    scope[Symbol.dispose]();
    items.delete("d");
    expect({ during, after: { described: graph.describe(), failures: [...graph.failures], told } }).toEqual({
      during: {
        links: ["a", "b", "c", "d"],
        failures: ["Links/a"],
        told: ["failure", "subscriber", "settled"],
      },
      after: { described: before, failures: [], told: [] },
    });
  });

  test("lets the same be made again", () => {
    const { graph, items } = someItems();
    const contents = [1, 2, 3].map(() => {
      const scope = graph.scope();
      const content = [...scope.run(() => makeEverything(graph, items, [])).values()].map(keyOf);
      scope[Symbol.dispose]();
      return content;
    });
    expect(contents).toEqual(Array.from({ length: 3 }, () => ["a", "b", "c"]));
  });

  test("refuses while something outside still reads what is in it", () => {
    const { graph, items } = someItems();
    const scope = graph.scope();
    const inside = scope.run(() =>
      graph.derive<Item, Item>({ name: "Inside", key: keyOf, from: items, map: (item) => [item] }),
    );
    const other = graph.scope();
    other.run(() => graph.derive<Item, Item>({ name: "Outside", key: keyOf, from: inside, map: (item) => [item] }));
    expect(() => scope[Symbol.dispose]()).toThrow("Inside is still read by Outside");
    other[Symbol.dispose]();
    scope[Symbol.dispose]();
    expect(graph.describe().map(({ name }) => name)).toEqual(["Items"]);
  });

  test("disposes of the scopes that were made in it", () => {
    const { graph, items } = someItems();
    const outer = graph.scope();
    const inner = outer.run(() => graph.scope());
    inner.run(() => graph.index<Item>(items, "by next", ({ next }) => [next]));
    outer[Symbol.dispose]();
    expect(graph.describe()[0]?.indexes).toEqual([]);
    expect(() => inner.run(() => {})).toThrow("the scope was disposed");
  });
});

test("an input that goes leaves no reads behind", () => {
  const { graph, items } = someItems();
  graph.derive<Item, Item>({
    name: "Links",
    key: keyOf,
    from: items,
    reads: [items],
    map: ({ next }, read) =>
      [read.get(items, next), read.get(items, next)].slice(0, 1).filter((item) => item !== undefined),
  });
  const watches = (): number | undefined => graph.describe()[0]?.watches;
  const before = watches();
  items.delete("b");
  items.delete("c");
  const between = watches();
  items.replaceAll([]);
  expect([before, between, watches()]).toEqual([3, 1, 0]);
});

test("what is made outside a scope's run does not belong to it", () => {
  const { graph, items } = someItems();
  const scope = graph.scope();
  expect(() =>
    scope.run(() => {
      throw new Error("not made");
    }),
  ).toThrow("not made");
  graph.index<Item>(items, "outside", ({ next }) => [next]);
  scope[Symbol.dispose]();
  expect(graph.describe()[0]?.indexes).toEqual(["outside"]);
});
