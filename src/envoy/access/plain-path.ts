/**
 * Paths that all programs read alike. A workload may decode `%61`, take `%2F` or `\` for a slash, drop `;x`, or resolve `..`, and so
 * answer for another path than the one that a rule has compared; what is not plain is therefore never what a rule allows, and
 * always what a rule denies.
 *
 * https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */

/** As it stands, but for the dot. */
const LITERAL = "[-A-Za-z0-9_~!$&'()*+,=:@]";
/**
 * Octets that nobody takes for anything else: no control characters, none that need no encoding, no slashes, dots, semicolons or
 * percent signs, and none that no UTF-8 has.
 */
const ENCODED =
  "%(?:2[0-46-9A-Ca-c]|3[AaC-Fc-f]|40|5[BbDdEe]|60|7[B-Db-d]|[89ABab][0-9A-Fa-f]|[Cc][2-9A-Fa-f]|[DEde][0-9A-Fa-f]|[Ff][0-4])";
const CHARACTER = `(?:${LITERAL}|${ENCODED})`;
/** Not empty, and not of one or two dots. */
const SEGMENT = `(?:\\.{0,2}${CHARACTER}|\\.{3})(?:${CHARACTER}|\\.)*`;

/** RE2, for the whole of a path without its query. */
export const PLAIN_PATH: string = `(?:/${SEGMENT})+/?|/`;
