/** The schema of an HTTPRoute's path match, with what a path may not contain. */
import type { HTTPPathMatch } from "../types/http-route.ts";
import { object, oneOf, string } from "./construct.ts";
import { pathText } from "./pattern.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";

const plainTypes = "['Exact', 'PathPrefix']";

const quote = (match: HTTPPathMatch): string => JSON.stringify(match.value);

/** A rule on plain paths only: regular expressions may hold anything. */
function plainPath(
  id: string,
  isWrong: (path: string) => boolean,
  message: (match: HTTPPathMatch) => string,
): Rule<HTTPPathMatch> {
  return {
    id,
    find: (match) => violationIf(match.type !== "RegularExpression" && isWrong(match.value), message(match), ["value"]),
  };
}

function without(part: string, why: string): Rule<HTTPPathMatch> {
  return plainPath(
    `must not contain '${part}' when type one of ${plainTypes}`,
    (path) => path.includes(part),
    (match) => `${quote(match)} contains "${part}": ${why}`,
  );
}

function notAtEnd(part: string): Rule<HTTPPathMatch> {
  return plainPath(
    `must not end with '${part}' when type one of ${plainTypes}`,
    (path) => path.endsWith(part),
    (match) => `${quote(match)} ends with "${part}", which no normalised request does`,
  );
}

const never = "requests are normalised, so none would match";
const encodedSlash = "an encoded slash does not match reliably";

export const pathMatch: Schema<HTTPPathMatch> = object<HTTPPathMatch>(
  {
    type: oneOf(["Exact", "PathPrefix", "RegularExpression"], { default: "PathPrefix" }),
    value: string({ maxLength: 1024, default: "/" }),
  },
  [],
  {
    default: { type: "PathPrefix", value: "/" },
    rules: [
      plainPath(
        `value must be an absolute path and start with '/' when type one of ${plainTypes}`,
        (path) => !path.startsWith("/"),
        (match) => `${quote(match)} does not start with "/"`,
      ),
      without("//", never),
      without("/./", never),
      without("/../", never),
      without("%2f", encodedSlash),
      without("%2F", encodedSlash),
      without("#", "a fragment is never sent to a server"),
      notAtEnd("/.."),
      notAtEnd("/."),
      {
        id: "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
        /** The field's own enumeration says it already. */
        find: () => [],
      },
      {
        id: `must only contain valid characters (matching ${pathText.source}) for types ${plainTypes}`,
        find: ({ type, value }) =>
          violationIf(
            type !== "RegularExpression" &&
              value.startsWith("/") &&
              !value.includes("#") &&
              !pathText.expression.test(value),
            `${JSON.stringify(value)} is not allowed: it must be of ${pathText.description}`,
            ["value"],
          ),
      },
    ],
  },
);
