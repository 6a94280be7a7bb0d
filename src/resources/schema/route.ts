/** What routes of all kinds have in common. */
import type { CookieConfig, SessionPersistence } from "../types/route.ts";
import type { ParentReference } from "../types/references.ts";
import { duration, list, named, object, oneOf, string } from "./construct.ts";
import { headerName } from "./pattern.ts";
import { distinctTargets, parentReference } from "./references.ts";
import { fieldOf, fieldOfMember, uniqueBy, violationIf, type Rule } from "./rule.ts";
import type { ListSchema, ObjectSchema, StringSchema } from "./schema.ts";

/** The fields of `CommonRouteSpec`. */
export const commonRouteFields: {
  readonly parentRefs: ListSchema<ParentReference>;
  readonly useDefaultGateways: StringSchema<"All" | "None">;
} = {
  parentRefs: list<ParentReference>(parentReference, { maxItems: 32, rules: distinctTargets("parentRefs") }),
  useDefaultGateways: oneOf(["All", "None"], { experimental: true }),
};

export const uniqueRuleNames: Rule<readonly { readonly name?: string }[]> = uniqueBy(
  "Rule name must be unique within the route",
  ({ name }) => name,
  ({ name = "" }) => `rule name "${name}"`,
  "name",
);

const maxMatches = 128;

/** Of all rules of a route together. */
export const limitedMatches: Rule<readonly { readonly matches?: readonly unknown[] }[]> = {
  id: "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128",
  find: (rules) => {
    const total = rules.reduce((sum, { matches = [] }) => sum + matches.length, 0);
    const advice = "Spread the rules over several routes";
    return violationIf(
      total > maxMatches,
      `has ${total} matches in all rules together; at most ${maxMatches} are allowed`,
      [],
      advice,
    );
  },
};

const persistenceRules: readonly Rule<object>[] = [
  {
    id: "AbsoluteTimeout must be specified when cookie lifetimeType is Permanent",
    find: (value) => {
      const cookie = fieldOf(value, "cookie");
      const permanent =
        typeof cookie === "object" && cookie !== null && fieldOf(cookie, "lifetimeType") === "Permanent";
      const wrong = permanent && fieldOf(value, "absoluteTimeout") === undefined;
      return violationIf(wrong, "is missing: a permanent cookie needs to know how long it lives", ["absoluteTimeout"]);
    },
  },
  ...fieldOfMember("type", "Cookie", "cookie", {
    misplaced: "cookie must be nil if type is not Cookie",
    missing: "cookie must be specified for Cookie type",
  }),
  ...fieldOfMember("type", "Header", "header", {
    misplaced: "header must be nil if type is not Header",
    missing: "header must be specified for Header type",
  }),
];

export const sessionPersistence: ObjectSchema<SessionPersistence> = object<SessionPersistence>(
  {
    absoluteTimeout: duration,
    cookie: object<CookieConfig>({
      lifetimeType: oneOf(["Permanent", "Session"], { default: "Session" }),
      name: named(headerName, 256),
      path: string({ maxLength: 1024, default: "/" }),
    }),
    header: object<{ readonly name: string }>({ name: named(headerName, 256) }, ["name"]),
    type: oneOf(["Cookie", "Header"], { default: "Cookie" }),
  },
  [],
  { rules: persistenceRules },
);
