/**
 * The oracle: after every one of thousands of random batches, the graph has the state that plain loops work out from
 * scratch. That it would notice is shown by planting bugs.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Graph } from "./index.ts";
import { loadBrokenGraph, type PlantedBug } from "./testing/broken-graph.ts";
import { batches, followWeb } from "./testing/follow-web.ts";

const oracle = (makeGraph: () => Graph) => fc.property(batches, (steps) => followWeb(makeGraph, steps));

test("after every random batch the state is the one worked out from scratch", () => {
  // On failure the seed and the smallest failing batches are part of the message.
  fc.assert(
    oracle(() => new Graph()),
    { numRuns: 200 },
  );
}, 60_000);

const PLANTED_BUGS: readonly (PlantedBug & { readonly name: string })[] = [
  {
    name: "an index forgets to remove a value from its old tokens",
    file: "store-index.ts",
    text: "for (const token of oldTokens) this.#setIn(token, key, undefined);",
    replacement: "",
  },
  {
    name: "collections are computed from the highest rank down",
    file: "scheduler.ts",
    text: "a.store.rank - b.store.rank",
    replacement: "b.store.rank - a.store.rank",
  },
  {
    name: "the first value before a batch is overwritten by a later one",
    file: "store.ts",
    text: "if (!this.#before.has(key)) {",
    replacement: "if (!this.#before.has(key) || value !== undefined) {",
  },
  {
    name: "readers of a key are not woken",
    file: "store.ts",
    text: "for (const { key } of changes) this.keyReads.wake(key);",
    replacement: "",
  },
  {
    name: "groups are not told of touched tokens",
    file: "store-index.ts",
    text: "for (const listener of this.listeners) listener(touched);",
    replacement: "",
  },
  {
    name: "a member that changes without changing its tokens touches no row",
    file: "store-index.ts",
    text: "for (const token of newTokens) this.#setIn(token, key, after);",
    replacement:
      "if (oldTokens.join() !== newTokens.join()) for (const token of newTokens) this.#setIn(token, key, after);",
  },
  {
    name: "groups of as many members count as the same",
    file: "group-node.ts",
    text: "member === b.members[position]",
    replacement: "member !== undefined && b.members[position] !== undefined",
  },
  {
    name: "a projection that changed counts as the same",
    file: "reads.ts",
    text: "return !structurallyEqual(",
    replacement: "return structurallyEqual(",
  },
  {
    name: "a count wakes nobody",
    file: "reads.ts",
    text: "return this.#index.count(this.token) !== this.seen;",
    replacement: "return false;",
  },
  {
    name: "what an input read before it threw is forgotten",
    file: "derived-node.ts",
    text: "this.#keepReads(input, reader.close());",
    replacement: "this.#keepReads(input, this.#errors.has(input) ? undefined : reader.close());",
  },
  {
    name: "an input that throws loses its outputs",
    file: "derived-node.ts",
    text: "      return undefined;\n    } finally {",
    replacement: "      return [];\n    } finally {",
  },
  {
    name: "a released key is not handed over",
    file: "claims.ts",
    text: "for (const key of this.#released) this.#handOver(key);",
    replacement: "for (const key of this.#released) this.#store.write(key, undefined);",
  },
  {
    name: "a newcomer takes a key from its owner",
    file: "claims.ts",
    text: "if (isOwner || this.#isFree(key))",
    replacement: "if (isOwner || !this.#waiting.has(key))",
  },
  {
    name: "a key that was released and given anew counts as free",
    file: "claims.ts",
    text: "    this.#released.delete(key);\n",
    replacement: "",
  },
  {
    name: "who waits for a key takes it by claiming it again",
    file: "claims.ts",
    text: "isClaimed && !this.#isWaiting(claimant, key)",
    replacement: "isClaimed",
  },
  {
    name: "a member of a union takes a key by changing it",
    file: "union-node.ts",
    text: "before !== undefined && !this.#isNew",
    replacement: "true",
  },
  {
    name: "a read that goes takes those behind it along",
    file: "watchers.ts",
    text: "else if (next !== undefined) this.#firstOf.set(token, next);",
    replacement: "",
  },
  {
    name: "a read that goes from between two others is still found by the second",
    file: "watchers.ts",
    text: "if (next !== undefined) next.previous = previous;",
    replacement: "",
  },
  {
    name: "of several reads of an input only the last counts",
    file: "derived-node.ts",
    text: "for (let read = last; read !== undefined; read = read.earlier) read.place.add(read);",
    replacement: "if (last !== undefined) last.place.add(last);",
  },
  {
    name: "inputs claim in the order in which they were marked",
    file: "derived-node.ts",
    text: "[...this.#marked].sort(compareKeys)",
    replacement: "[...this.#marked]",
  },
  {
    name: "a failure stays when its cause is gone",
    file: "derived-node.ts",
    text: "else this.#failures.clear(this.name, input);",
    replacement: "",
  },
  {
    name: "a removed derivation leaves its reads behind",
    file: "derived-node.ts",
    text: "for (const input of this.#readsOf.keys()) this.#keepReads(input, undefined);",
    replacement: "",
  },
  {
    name: "a subscriber is told before all has settled",
    file: "scheduler.ts",
    text: "return node.store.flush();",
    replacement: "const did = node.store.flush(); for (const error of node.store.tell()) throw error; return did;",
  },
];

const failureOf = async (bug: PlantedBug): Promise<string | undefined> => {
  const makeBroken = await loadBrokenGraph(bug);
  const { failed, errorInstance } = fc.check(oracle(makeBroken), { numRuns: 100, seed: 1, endOnFailure: true });
  return failed ? String(errorInstance) : undefined;
};

test("a copy of the graph without a planted bug passes", async () => {
  expect(
    await failureOf({
      file: "scheduler.ts",
      text: "a.store.rank - b.store.rank",
      replacement: "a.store.rank - b.store.rank",
    }),
  ).toBe(undefined);
}, 60_000);

describe("the oracle notices when", () => {
  test.each(PLANTED_BUGS)(
    "$name",
    async (bug) => {
      expect(await failureOf(bug)).toMatch(/: found .* expected |is still read/);
    },
    60_000,
  );
});
