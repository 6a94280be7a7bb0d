/** IP addresses in their text form: recognised, taken apart, and written in one way. */

/** Four decimal numbers up to 255. Leading zeros are refused unless allowed, since some programs read them as octal. */
export function isIPv4(text: string, leadingZeros = false): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 &&
    parts.every((part) => (leadingZeros ? /^[0-9]+$/ : /^(?:0|[1-9][0-9]{0,2})$/).test(part) && Number(part) <= 255)
  );
}

/** https://www.rfc-editor.org/rfc/rfc4291#section-2.2, without a zone. */
export function isIPv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const counts = halves.map((half, index) => countGroups(half, index === halves.length - 1));
  if (counts.includes(undefined)) return false;
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return halves.length === 2 ? total <= 7 : total === 8;
}

/** How many groups of 16 bits; an IPv4 address at the end of the whole counts as two. Undefined: not an address. */
function countGroups(half: string, last: boolean): number | undefined {
  if (half === "") return 0;
  const groups = half.split(":");
  const tail = groups.at(-1) ?? "";
  const embedded = last && tail.includes(".");
  const words = embedded ? groups.slice(0, -1) : groups;
  if (embedded && !isIPv4(tail)) return undefined;
  return words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word)) ? words.length + (embedded ? 2 : 0) : undefined;
}

/** The bytes of an address, 4 or 16; undefined: not an address. */
export function bytesOfAddress(text: string): readonly number[] | undefined {
  if (isIPv4(text)) return text.split(".").map(Number);
  if (!isIPv6(text)) return undefined;
  const [before = [], after = []] = text.split("::").map(bytesOfGroups);
  return [...before, ...Array.from({ length: 16 - before.length - after.length }, () => 0), ...after];
}

const bytesOfGroups = (groups: string): number[] =>
  groups === ""
    ? []
    : groups.split(":").flatMap((group) => {
        if (group.includes(".")) return group.split(".").map(Number);
        const word = Number.parseInt(group, 16);
        return [word >> 8, word & 0xff];
      });

/**
 * The one form that an address is written in, by which two are compared as texts; what is no address stays as it is.
 * https://www.rfc-editor.org/rfc/rfc5952#section-4
 */
export function canonicalAddress(text: string): string {
  if (!text.includes(":")) return text;
  const bytes = bytesOfAddress(text);
  if (bytes === undefined) return text;
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const words = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  const written = words.map((word) => word.toString(16));
  const { start, length } = longestZeros(words);
  return length < 2
    ? written.join(":")
    : `${written.slice(0, start).join(":")}::${written.slice(start + length).join(":")}`;
}

/** The first of the longest runs. */
function longestZeros(words: readonly number[]): { readonly start: number; readonly length: number } {
  const runs = words.map((_, start) => {
    const end = words.findIndex((word, index) => index >= start && word !== 0);
    return { start, length: (end === -1 ? words.length : end) - start };
  });
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest));
}
