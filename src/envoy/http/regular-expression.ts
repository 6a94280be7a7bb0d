/** Regular expressions in RE2's syntax, as text: writing a literal, and reading the literal that one begins with. */

export const quoteRegularExpression = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");

/**
 * Text that everything the expression matches begins with; as much as is easily seen, and "" where that is nothing. A letter
 * before `*`, `?` or `{` is not part of it, and an expression with alternatives or flags has none.
 */
export function literalPrefixOf(expression: string): string {
  if (expression.includes("|") || expression.includes("(?") || expression.includes("\\Q")) return "";
  let literal = "";
  let at = expression.startsWith("^") ? 1 : 0;
  while (at < expression.length) {
    const character = expression[at] ?? "";
    const escaped = character === "\\";
    const value = escaped ? (expression[at + 1] ?? "") : character;
    if (!(escaped ? /[!-/:-@[-`{-~]/ : /[!-~]/).test(value) || (!escaped && /[.+*?()[\]{}^$]/.test(value))) break;
    at += escaped ? 2 : 1;
    if (/[*?{]/.test(expression[at] ?? "")) break;
    literal += value;
    // One or more: what follows the first one is open.
    if (expression[at] === "+") break;
  }
  return literal;
}

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
