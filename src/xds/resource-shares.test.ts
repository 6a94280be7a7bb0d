import fc from "fast-check";
import { expect, test } from "vitest";
import { RESOURCE_KINDS, type ResourceBatch, type ResourceId, type ResourceRecord } from "./resource.ts";
import { ResourceShares, type SharedBatch, type SharedId, type SharedRecord } from "./resource-shares.ts";

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

test("what a proxy asks for it has with all that this needs, until it has taken back as often as it asked", () => {
  const shares = new ResourceShares();
  const lonely = record("cluster", "lonely", { audience: "far", needs: [shop] });
  shares.join("c", GROUPS["c"] ?? []);
  shares.apply({ upserts: [lonely, shop, endpoints], removals: [] });
  const steps = [
    shares.ask("c", [lonely]),
    shares.ask("c", [lonely]),
    shares.release("c", [lonely]),
    shares.release("c", [lonely]),
  ];
  const all = ["cluster/lonely", "cluster/shop", "endpoints/shop"];
  expect(steps.map(({ upserts, removals }) => [upserts.map(nameOf).sort(), removals.map(nameOf).sort()])).toEqual([
    [all, []],
    [[], []],
    [[], []],
    [[], all],
  ]);
});

test("what a proxy asks for before it exists, and it may have, goes out when it comes", () => {
  const shares = new ResourceShares();
  shares.ask("a", [shop]);
  const others = record("cluster", "others", { audience: "far" });
  shares.ask("a", [others]);
  const batches = shares.apply({ upserts: [shop, endpoints, others], removals: [] });
  expect(batches.get("a")?.upserts.map(nameOf).sort()).toEqual(["cluster/shop", "endpoints/shop"]);
});

test("what is others' is told from what there is not, what is one's own, and what each has one of", () => {
  const shares = new ResourceShares();
  const identity = record("secret", "identity", { audience: "b" });
  shares.apply({ upserts: [web, shop, endpoints, identity], removals: [] });
  const asked = [shop, { kind: "cluster", name: "none" } as const, identity];
  expect(["a", "b", "c"].map((proxy) => asked.map((id) => shares.isOfOthers(proxy, id)))).toEqual([
    [false, false, false],
    [true, false, false],
    [true, false, false],
  ]);
});

const GROUPS: Readonly<Record<string, readonly string[]>> = { c: ["c", "near", "far"], d: ["d", "far"] };

test("a narrower audience's record stands in the place of a wider one's, and gives way to it when it goes", () => {
  const shares = new ResourceShares();
  const wide = record("listener", "web", { audience: "far", unasked: true, needs: [shop] });
  const narrow = record("listener", "web", { audience: "near", unasked: true, version: "2" });
  shares.apply({ upserts: [wide, shop, endpoints], removals: [] });
  expect(
    shares
      .join("c", GROUPS["c"] ?? [])
      .upserts.map(nameOf)
      .sort(),
  ).toEqual(["cluster/shop", "endpoints/shop", "listener/web"]);
  shares.join("d", GROUPS["d"] ?? []);
  expect([...shares.apply({ upserts: [narrow], removals: [] })]).toEqual([
    [
      "c",
      {
        upserts: [narrow],
        removals: [
          { kind: "cluster", name: "shop" },
          { kind: "endpoints", name: "shop" },
        ],
      },
    ],
  ]);
  const after = shares.apply({ upserts: [], removals: [narrow] });
  expect([...after].map(([proxy, { upserts }]) => [proxy, upserts.map(nameOf).sort()])).toEqual([
    ["c", ["cluster/shop", "endpoints/shop", "listener/web"]],
  ]);
});

test("what is for one audience alone reaches nobody else, though others need the same name", () => {
  const shares = new ResourceShares();
  const needing = record("listener", "in", {
    audience: "far",
    unasked: true,
    needs: [{ kind: "secret", name: "own" }],
  });
  const own = record("secret", "own", { audience: "c" });
  shares.apply({ upserts: [needing, own], removals: [] });
  expect(shares.join("d", GROUPS["d"] ?? []).upserts).toEqual([needing]);
  expect(
    shares
      .join("c", GROUPS["c"] ?? [])
      .upserts.map(nameOf)
      .sort(),
  ).toEqual(["listener/in", "secret/own"]);
});

test("after any steps and joins, every proxy has exactly what it can reach", () => {
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
    audience: fc.option(fc.constantFrom("a", "c", "near", "far"), { nil: undefined }),
    isUnasked: fc.boolean(),
    isRemoved: fc.boolean(),
  });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.array(change, { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom("c", "d") },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
      const shares = new ResourceShares();
      const records = new Map<string, SharedRecord>();
      const joined = new Set<string>();
      const held = new Map<string, Map<string, ResourceRecord>>(["a", "b", "c", "d"].map((name) => [name, new Map()]));
      const take = (proxy: string, batch: ResourceBatch): void => {
        for (const gone of batch.removals) held.get(proxy)?.delete(nameOf(gone));
        for (const got of batch.upserts) held.get(proxy)?.set(nameOf(got), got);
      };
      for (const one of steps) {
        if (typeof one === "string") {
          if (!joined.has(one)) take(one, shares.join(one, GROUPS[one] ?? []));
          joined.add(one);
          continue;
        }
        const batch = batchOf(one.map((each) => ({ ...each, made: madeOf(each, named) })));
        for (const gone of batch.removals) records.delete(variantOf(gone));
        for (const got of batch.upserts) records.set(variantOf(got), got);
        for (const [proxy, share] of shares.apply(batch)) take(proxy, share);
      }
      for (const [proxy, has] of held) {
        // Before it joins, nobody knows whom a proxy of many audiences belongs to.
        const groups = joined.has(proxy) ? (GROUPS[proxy] ?? []) : [];
        expect(has).toEqual(reachableFrom(proxy, groups, records));
      }
    }),
  );
});

interface RandomChange {
  readonly id: { readonly rank: number; readonly index: number };
  readonly needs: readonly { readonly rank: number; readonly index: number }[];
  readonly proxies: readonly string[] | undefined;
  readonly audience: string | undefined;
  readonly isUnasked: boolean;
  readonly isRemoved: boolean;
}

/** Only what ranks lower is needed, so that there are no circles. */
function madeOf(
  { id, needs, proxies, audience, isUnasked }: RandomChange,
  named: (id: RandomChange["id"]) => ResourceId,
): SharedRecord {
  const { kind, name } = named(id);
  const lower = needs.filter(({ rank }) => rank > id.rank).map(named);
  return record(kind, name, {
    needs: lower,
    ...(audience === undefined
      ? { ...(proxies && { proxies }) }
      : { audience, ...(isUnasked && { unasked: true as const }) }),
  });
}

const variantOf = ({ kind, name, audience = "" }: SharedId): string => `${kind}/${name}@${audience}`;

/** Of several changes of one record, the last counts. */
function batchOf(changes: readonly (RandomChange & { readonly made: SharedRecord })[]): SharedBatch {
  const last = [...new Map(changes.map((one) => [variantOf(one.made), one])).values()];
  return {
    upserts: last.flatMap(({ isRemoved, made }) => (isRemoved ? [] : [made])),
    removals: last.flatMap(({ isRemoved, made }) => (isRemoved ? [made] : [])),
  };
}

function reachableFrom(
  proxy: string,
  groups: readonly string[],
  records: ReadonlyMap<string, SharedRecord>,
): Map<string, ResourceRecord> {
  const found = new Map<string, ResourceRecord>();
  const visit = (id: ResourceId): void => {
    const record = [...(groups.length === 0 ? [proxy] : groups), undefined]
      .map((audience) => records.get(variantOf({ ...id, ...(audience !== undefined && { audience }) })))
      .find((variant) => variant !== undefined);
    if (record === undefined || found.has(nameOf(id))) return;
    found.set(nameOf(id), record);
    for (const need of record.needs) visit(need);
  };
  for (const { kind, name, proxies = [], audience, unasked } of records.values())
    if (proxies.includes(proxy) || (unasked && audience !== undefined && groups.includes(audience)))
      visit({ kind, name });
  return found;
}
