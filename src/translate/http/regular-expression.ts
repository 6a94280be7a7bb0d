/**
 * Regular expressions of routes are RE2's, and bounded: what Envoy would refuse, or what would cost every request too much,
 * is found here, where it can still be told to the person who wrote it.
 *
 * https://github.com/google/re2/wiki/Syntax
 */
import { RE2JS } from "re2js";
import { literalPrefixOf, quoteRegularExpression } from "../../model/index.ts";
import { RuleDropped } from "../rules/rule-scope.ts";
import { UNICODE_GROUPS } from "./unicode-groups.ts";

/**
 * Instructions of the compiled program, where one that looks for a class of characters counts once for each of its ranges, up
 * to MAX_RANGES. Envoy compiles to bytes, which can take several times as many: the bootstrap's
 * `re2.max_program_size.error_level` leaves room for that, so that what passes here is never refused there.
 */
const MAX_PROGRAM_SIZE = 4096;
/** More ranges than this are those of a Unicode category, which Envoy's RE2 knows in a short form. */
const MAX_RANGES = 64;
const MAX_BYTE = 0xff;

/** How an expression is served; `path` is its field path. */
export type ReadExpression = (expression: string, path: string) => string;

/** As it is. Throws RuleDropped, naming `path`, unless RE2 accepts the expression and its program is within bounds. */
export const servableExpression: ReadExpression = (expression, path) => {
  checkEscapes(expression, path);
  const size = programSizeOf(expression, path);
  if (size > MAX_PROGRAM_SIZE) {
    throw new RuleDropped(
      path,
      `the regular expression compiles to ${size} instructions, more than the ${MAX_PROGRAM_SIZE} that are allowed; make it shorter or its repetitions smaller`,
    );
  }
  return expression;
};

/** What can be served, for at least all that an expression is for which cannot; others as they are. Never throws. */
export const widerExpression: ReadExpression = (expression, path) => {
  try {
    if (expression !== "") return servableExpression(expression, path);
  } catch (error) {
    if (!(error instanceof RuleDropped)) throw error;
  }
  return `${quoteRegularExpression(literalPrefixOf(expression).slice(0, MAX_LITERAL))}.*`;
};

/** A character is an instruction, and far fewer than are allowed tell what an expression is for. */
const MAX_LITERAL = 256;

function programSizeOf(expression: string, path: string): number {
  try {
    const { inst } = RE2JS.compile(expression).re2().prog as {
      readonly inst: readonly { readonly runes?: ArrayLike<number> }[];
    };
    // `runes` are pairs, the first and the last of a range.
    const rangesOf = (runes: ArrayLike<number> = []): number => Math.min(MAX_RANGES, Math.ceil(runes.length / 2));
    return inst.reduce((size, { runes }) => size + Math.max(1, rangesOf(runes)), 0);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuleDropped(path, `"${expression}" is no regular expression that RE2 accepts: ${reason}`);
  }
}

/** `\x{…}` with its code, `\p{…}` or `\pL` with its name, any other escape; text between `\Q` and `\E` has none. */
const ESCAPES =
  /\\Q.*?(?:\\E|$)|\\x\{(?<code>[0-9A-Fa-f]+)\}|\\[pP](?:\{\^?(?<group>[^}]*)\}|(?<letter>[A-Za-z]))|\\./gs;

/** What re2js would take and Envoy's RE2 does not: that compares bytes, and knows fewer groups of characters. */
function checkEscapes(expression: string, path: string): void {
  for (const { 0: escape, groups = {} } of expression.matchAll(ESCAPES)) {
    const { code, group = groups["letter"] } = groups;
    if (code !== undefined && Number.parseInt(code, 16) > MAX_BYTE) {
      throw new RuleDropped(
        path,
        `${escape} is no byte, and bytes are what is compared; write the character itself, outside of brackets`,
      );
    }
    if (group !== undefined && !UNICODE_GROUPS.has(group)) {
      throw new RuleDropped(
        path,
        `${escape} is no group of characters that Envoy's RE2 knows; use a general category or a script of Unicode 15`,
      );
    }
  }
}
