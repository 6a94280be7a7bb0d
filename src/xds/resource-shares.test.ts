import fc from "fast-check";
import { expect, test } from "vitest";
import { RESOURCE_KINDS, type ResourceId } from "./resource.ts";
import { ResourceShares, type SharedRecord } from "./resource-shares.ts";

const nameOf = ({ kind, name }: ResourceId): string => `${kind}/${name}`;

const record = (kind: SharedRecord["kind"], name: string, rest: Partial<SharedRecord> = {}): SharedRecord => ({
  kind,
  name,
  version: "1",
  bytes: new Uint8Array(1),
  needs: [],
  ...rest,
});

const web = record("virtualHost", "web", { proxies: ["a"], needs: [{ kind: "cluster", name: "shop" }] });
const shop = record("cluster", "shop", { needs: [{ kind: "endpoints", name: "shop" }] });
const endpoints = record("endpoints", "shop");

test("a proxy gets what names it and all that this needs, and another one nothing of it", () => {
  const shares = new ResourceShares();
  const other = record("virtualHost", "other", { proxies: ["b"] });
  const batches = shares.apply({ upserts: [endpoints, shop, web, other], removals: [] });
  expect([...batches].map(([proxy, { upserts }]) => [proxy, upserts.map(nameOf).sort()])).toEqual([
    ["a", ["cluster/shop", "endpoints/shop", "virtualHost/web"]],
    ["b", ["virtualHost/other"]],
  ]);
});

test("what two proxies need goes to both, and stays with the one that still needs it", () => {
  const shares = new ResourceShares();
  const second = record("virtualHost", "second", { proxies: ["b"], needs: web.needs });
  shares.apply({ upserts: [web, second, shop, endpoints], removals: [] });
  expect(shares.proxiesOf(endpoints)).toEqual(["a", "b"]);
  const batches = shares.apply({ upserts: [], removals: [web] });
  expect([...batches].map(([proxy, { removals }]) => [proxy, removals.map(nameOf).sort()])).toEqual([
    ["a", ["cluster/shop", "endpoints/shop", "virtualHost/web"]],
  ]);
  expect(shares.proxiesOf(endpoints)).toEqual(["b"]);
});

test("what is needed before it exists goes out when it comes", () => {
  const shares = new ResourceShares();
  shares.apply({ upserts: [web], removals: [] });
  const batches = shares.apply({ upserts: [shop], removals: [] });
  expect(batches.get("a")?.upserts.map(nameOf)).toEqual(["cluster/shop"]);
});

test("after any steps, every proxy has exactly what it can reach", () => {
  const kindsByRank = RESOURCE_KINDS.toReversed();
  const id = fc.record({ rank: fc.nat(kindsByRank.length - 1), index: fc.nat(3) });
  const named = ({ rank, index }: { rank: number; index: number }): ResourceId => ({
    kind: kindsByRank[rank] ?? "cluster",
    name: `${index}`,
  });
  const change = fc.record({
    id,
    needs: fc.array(id, { maxLength: 4 }),
    proxies: fc.option(fc.subarray(["a", "b", "c"]), { nil: undefined }),
    isRemoved: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 12 }), (steps) => {
      const shares = new ResourceShares();
      const records = new Map<string, SharedRecord>();
      const held = new Map<string, Set<string>>(["a", "b", "c"].map((proxy) => [proxy, new Set()]));
      for (const step of steps) {
        const last = new Map(step.map((one) => [nameOf(named(one.id)), one]));
        const upserts: SharedRecord[] = [];
        const removals: ResourceId[] = [];
        for (const [key, { id: at, needs, proxies, isRemoved }] of last) {
          const { kind, name } = named(at);
          // Only what ranks lower is needed, so that there are no circles.
          const lower = needs.filter(({ rank }) => rank > at.rank).map(named);
          const made = record(kind, name, { needs: lower, ...(proxies && { proxies }) });
          if (isRemoved) removals.push(made);
          else upserts.push(made);
          if (isRemoved) records.delete(key);
          else records.set(key, made);
        }
        for (const [proxy, batch] of shares.apply({ upserts, removals })) {
          for (const gone of batch.removals) held.get(proxy)?.delete(nameOf(gone));
          for (const got of batch.upserts) held.get(proxy)?.add(nameOf(got));
        }
      }
      for (const [proxy, has] of held) expect([...has].sort()).toEqual(reachableFrom(proxy, records));
    }),
  );
});

function reachableFrom(proxy: string, records: ReadonlyMap<string, SharedRecord>): string[] {
  const found = new Set<string>();
  const visit = (key: string): void => {
    const at = records.get(key);
    if (at === undefined || found.has(key)) return;
    found.add(key);
    for (const need of at.needs) visit(nameOf(need));
  };
  for (const [key, { proxies = [] }] of records) if (proxies.includes(proxy)) visit(key);
  return [...found].sort();
}
