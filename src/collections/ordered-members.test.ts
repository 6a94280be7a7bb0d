import * as fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedMembers } from "./ordered-members.ts";

test("has the values in key order after few and many changes, looked at or only counted in between, and never changes a list that was given out", () => {
  const change = fc.tuple(fc.nat(30), fc.option(fc.nat(), { nil: undefined }));
  const rounds = fc.array(fc.array(change, { maxLength: 20 }), { maxLength: 20 });
  const property = fc.property(rounds, (rounds) => {
    const members = new OrderedMembers<number>();
    const expected = new Map<string, number>();
    const given: { readonly list: readonly number[]; readonly was: readonly number[] }[] = [];
    for (const round of rounds) {
      for (const [number, value] of round) {
        const key = `key-${number}`;
        members.set(key, value);
        if (value === undefined) expected.delete(key);
        else expected.set(key, value);
      }
      const inOrder = [...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
      expect(members.size).toBe(inOrder.length);
      if (round.length % 3 === 0) continue;
      expect(members.values()).toEqual(inOrder);
      given.push({ list: members.values(), was: inOrder });
    }
    for (const { list, was } of given) expect(list).toEqual(was);
  });
  fc.assert(property);
});
