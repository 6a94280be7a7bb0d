/**
 * Route tables of listeners with many hosts. A proxy makes all hosts of a table anew for each change of one, so that these tables are
 * spread over parts that change for themselves. A request belongs to one part, told by four bits of its host name: whether it has an
 * odd number of characters of a set. Hosts with a wildcard answer for names of every part, and are in each.
 *
 * A spread table is named with `#` at its end, its parts with their bits behind that: `edge/web/tcp/0.0.0.0/80#0110`.
 */
import type { RouteTableKey } from "./keys.ts";

const MARK = "#";

/** For each bit the characters that count and those that do not, as in a class of a regular expression; together all that hosts have. */
const sets: readonly (readonly [counted: string, others: string])[] = [
  ["d-ip-u1-25-69", "a-cj-ov-z03-47-8.\\-"],
  ["g-r2-5", "a-fs-z0-16-9.\\-"],
  ["m-z4-7", "a-l0-38-9.\\-"],
  ["b-dh-jn-pt-v8-9", "ae-gk-mq-sw-z0-7.\\-"],
];

/**
 * For each bit a regular expression, of RE2 and JavaScript alike and to be used without regard to case, that matches a host name, with or
 * without a port, whose bit is 0.
 */
export const PART_EXPRESSIONS: readonly string[] = sets.map(
  ([counted, others]) => `^(?:[${others}]*[${counted}][${others}]*[${counted}])*[${others}]*(?::|$)`,
);

const zeros: readonly RegExp[] = PART_EXPRESSIONS.map((expression) => new RegExp(expression, "i"));

const allBits: readonly string[] = Array.from({ length: 2 ** sets.length }, (_, part) =>
  part.toString(2).padStart(sets.length, "0"),
);

const bitsOf = (domain: string): string => zeros.map((zero) => (zero.test(domain) ? "0" : "1")).join("");

/** The table with its hosts spread over parts. */
export const spread = (table: RouteTableKey): RouteTableKey => `${table}${MARK}` as RouteTableKey;

export const isSpread = (table: RouteTableKey): boolean => table.endsWith(MARK);

/** The parts of a spread table; of another, the table itself. */
export const partsOf = (table: RouteTableKey): readonly RouteTableKey[] =>
  isSpread(table) ? allBits.map((bits) => partOf(table, bits)) : [table];

/** Those parts of a table in which a host of this domain is. */
export const partsWith = (table: RouteTableKey, domain: string): readonly RouteTableKey[] =>
  isSpread(table) && !domain.startsWith("*") ? [partOf(table, bitsOf(domain))] : partsOf(table);

/** The table of which this is a part; a table that is none, itself. */
export const wholeOf = (part: RouteTableKey): RouteTableKey =>
  part.slice(0, part.lastIndexOf(MARK) + 1 || undefined) as RouteTableKey;

export const isPart = (table: RouteTableKey): boolean => table.includes(MARK) && !isSpread(table);

const partOf = (table: RouteTableKey, bits: string): RouteTableKey => `${table}${bits}` as RouteTableKey;
