/** Regular expressions in RE2's syntax, as text: writing a literal, and reading the literal that one begins with. */

export const quoteRegularExpression = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");

/**
 * Text that everything the expression matches begins with; as much as is easily seen, and "" where that is nothing. A letter
 * before `*`, `?` or `{` is not part of it, and an expression with alternatives has none. It holds also for what
 * other syntaxes than RE2's would make of the expression.
 */
export function literalPrefixOf(expression: string): string {
  if (expression.includes("|") || expression.includes("\\Q")) return "";
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
