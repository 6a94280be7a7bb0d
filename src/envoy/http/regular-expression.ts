/** Regular expressions in RE2's syntax that say what RE2 has no words for. */
import { quoteRegularExpression } from "../../model/index.ts";

/**
 * Every text but these words, out of the characters that are not in `excluded`: the ends before a word's own, and what leaves
 * all words at some character. RE2 has no negative lookahead, which would say the same.
 */
export function otherWordsExpression(words: readonly string[], excluded: string): string {
  const anything = `[^${inClass(excluded)}]`;
  const after = (prefix: string, rest: readonly string[]): string => {
    const next = [...new Set(rest.map((word) => word.charAt(prefix.length)))].filter((at) => at !== "").sort();
    if (next.length === 0) return `${anything}+`;
    const leaving = `[^${inClass(excluded + next.join(""))}]${anything}*`;
    const deeper = next.map((character) => {
      const longer = prefix + character;
      const words = rest.filter((word) => word.startsWith(longer));
      return quoteRegularExpression(character) + after(longer, words);
    });
    return `(?:${[...(rest.includes(prefix) ? [] : [""]), leaving, ...deeper].join("|")})`;
  };
  return after("", words);
}

const inClass = (characters: string): string => characters.replace(/[\]\\^[-]/g, "\\$&");
