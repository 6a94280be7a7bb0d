/**
 * A 128-bit fingerprint of bytes: MurmurHash3 (x86, 128 bits), which needs no arithmetic beyond 32 bits and therefore runs
 * at memory speed in any JavaScript. It tells versions of one resource apart; it is no defence against somebody who
 * constructs collisions, who would only keep an update of his own resource from being sent.
 * @see https://github.com/aappleby/smhasher/wiki/MurmurHash3
 */
const MULTIPLIERS = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;
const [C1, C2, C3, C4] = MULTIPLIERS;
const BLOCK_BYTES = 16;

/** The fingerprint as 32 hexadecimal digits. Equal bytes give equal digits, on every machine and in every release. */
export function contentHash(bytes: Uint8Array): string {
  return murmurHash128(bytes, 0)
    .map((word) => word.toString(16).padStart(8, "0"))
    .join("");
}

type Words = [number, number, number, number];

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
const mix1 = (k: number): number => Math.imul(rotate(Math.imul(k, C1), 15), C2);
const mix2 = (k: number): number => Math.imul(rotate(Math.imul(k, C2), 16), C3);
const mix3 = (k: number): number => Math.imul(rotate(Math.imul(k, C3), 17), C4);
const mix4 = (k: number): number => Math.imul(rotate(Math.imul(k, C4), 18), C1);

/** MurmurHash3_x86_128: four unsigned words, the first one first in the reference implementation's output. */
export function murmurHash128(bytes: Uint8Array, seed: number): Words {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength - (bytes.byteLength % BLOCK_BYTES);
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  for (let offset = 0; offset < end; offset += BLOCK_BYTES) {
    h1 ^= mix1(view.getUint32(offset, true));
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= mix2(view.getUint32(offset + 4, true));
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= mix3(view.getUint32(offset + 8, true));
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= mix4(view.getUint32(offset + 12, true));
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  // The mixing of 0 is 0, so the words of the tail that are not there change nothing.
  const [t1, t2, t3, t4] = tailOf(bytes, end);
  const length = bytes.byteLength;
  return finish([h1 ^ mix1(t1) ^ length, h2 ^ mix2(t2) ^ length, h3 ^ mix3(t3) ^ length, h4 ^ mix4(t4) ^ length]);
}

/** The last, incomplete block, filled up with zeros. */
function tailOf(bytes: Uint8Array, from: number): Words {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(bytes.subarray(from));
  const view = new DataView(block.buffer);
  return [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
}

function finish(words: Words): Words {
  const [a, b, c, d] = spread(words);
  const [e, f, g, h] = spread([avalanche(a), avalanche(b), avalanche(c), avalanche(d)]);
  return [e >>> 0, f >>> 0, g >>> 0, h >>> 0];
}

function spread([h1, h2, h3, h4]: Words): Words {
  const sum = (h1 + h2 + h3 + h4) | 0;
  return [sum, (h2 + sum) | 0, (h3 + sum) | 0, (h4 + sum) | 0];
}

function avalanche(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
