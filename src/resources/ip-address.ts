/** Recognises IP addresses in their text form. */

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
