import { describe, expect, test } from "vitest";
import { contentHash, murmurHash128 } from "./content-hash.ts";

function littleEndian(words: readonly number[]): number[] {
  return words.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]);
}

describe("the content hash", () => {
  test("passes the verification of the hash's own test suite (SMHasher: 0xB3ECE62A)", () => {
    const hashes: number[] = [];
    for (let length = 0; length < 256; length += 1) {
      const key = Uint8Array.from({ length }, (_, index) => index);
      hashes.push(...littleEndian(murmurHash128(key, 256 - length)));
    }
    expect(murmurHash128(Uint8Array.from(hashes), 0)[0]).toBe(0xb3ece62a);
  });

  test("does not depend on where in a buffer the bytes lie", () => {
    const buffer = new TextEncoder().encode("xxthe same bytes, elsewhere");
    const copy = buffer.slice(2);
    expect(contentHash(buffer.subarray(2))).toBe(contentHash(copy));
  });

  test("tells bytes apart that differ in their length alone", () => {
    const lengths = Array.from({ length: 40 }, (_, length) => contentHash(new Uint8Array(length)));
    expect(new Set(lengths).size).toBe(40);
  });
});
