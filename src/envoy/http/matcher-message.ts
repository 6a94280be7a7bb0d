/** Writes a matching tree down as Envoy's matcher, with routes as its actions. */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { Any } from "@bufbuild/protobuf/wkt";
import { RouteListSchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { Route } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { HttpRequestHeaderMatchInputSchema } from "../../generated/envoy/type/matcher/v3/http_inputs_pb.ts";
import { TypedExtensionConfigSchema } from "../../generated/xds/core/v3/extension_pb.ts";
import type { TypedExtensionConfig } from "../../generated/xds/core/v3/extension_pb.ts";
import {
  Matcher_MatcherList_FieldMatcherSchema as FieldMatcherSchema,
  Matcher_MatcherListSchema as MatcherListSchema,
  Matcher_MatcherTree_MatchMapSchema as MatchMapSchema,
  Matcher_MatcherTreeSchema as MatcherTreeSchema,
  Matcher_OnMatchSchema as OnMatchSchema,
  Matcher_MatcherList_PredicateSchema as PredicateSchema,
  Matcher_MatcherList_Predicate_PredicateListSchema as PredicateListSchema,
  Matcher_MatcherList_Predicate_SinglePredicateSchema as SinglePredicateSchema,
  MatcherSchema,
} from "../../generated/xds/type/matcher/v3/matcher_pb.ts";
import type {
  Matcher,
  Matcher_MatcherList_Predicate as Predicate,
  Matcher_MatcherTree_MatchMap as MatchMap,
  Matcher_OnMatch as OnMatch,
} from "../../generated/xds/type/matcher/v3/matcher_pb.ts";
import { RegexMatcherSchema } from "../../generated/xds/type/matcher/v3/regex_pb.ts";
import { StringMatcherSchema } from "../../generated/xds/type/matcher/v3/string_pb.ts";
import type { StringMatcher } from "../../generated/xds/type/matcher/v3/string_pb.ts";
import type { HttpEntry } from "../../model/index.ts";
import type { Condition } from "./conditions.ts";
import type { MatchNode, MatchStep } from "./matching-tree.ts";
import { ROUTE_PATH_HEADER } from "./route-path-header.ts";

/** The routes of one entry, in order. */
export type RoutesOf = (entry: HttpEntry) => readonly Route[];

export function matcherOf(node: MatchNode, routesOf: RoutesOf): Matcher {
  switch (node.kind) {
    case "routes":
      return create(MatcherSchema, { onNoMatch: onMatchOf(node, routesOf) });
    case "paths":
      return pathMatcherOf(node, routesOf);
    case "values":
      return create(MatcherSchema, {
        matcherType: treeOf(node.header, "exactMatchMap", mapOf(node.values, routesOf)),
        ...(node.otherwise === undefined ? {} : { onNoMatch: onMatchOf(node.otherwise, routesOf) }),
      });
    case "sequence":
      return listMatcherOf(node.steps, routesOf);
  }
}

function onMatchOf(node: MatchNode, routesOf: RoutesOf): OnMatch {
  if (node.kind !== "routes") {
    return create(OnMatchSchema, { onMatch: { case: "matcher", value: matcherOf(node, routesOf) } });
  }
  const routes = node.entries.flatMap((entry) => [...routesOf(entry)]);
  const typedConfig = anyPack(RouteListSchema, create(RouteListSchema, { routes }));
  return create(OnMatchSchema, { onMatch: { case: "action", value: extension(typedConfig) } });
}

function pathMatcherOf(node: MatchNode & { readonly kind: "paths" }, routesOf: RoutesOf): Matcher {
  const prefixes =
    node.prefixes.size === 0
      ? undefined
      : create(MatcherSchema, {
          matcherType: treeOf(ROUTE_PATH_HEADER, "prefixMatchMap", mapOf(node.prefixes, routesOf)),
        });
  if (prefixes !== undefined && node.exact.size === 0) return prefixes;
  return create(MatcherSchema, {
    matcherType: treeOf(ROUTE_PATH_HEADER, "exactMatchMap", mapOf(node.exact, routesOf)),
    ...(prefixes === undefined
      ? {}
      : { onNoMatch: create(OnMatchSchema, { onMatch: { case: "matcher", value: prefixes } }) }),
  });
}

function treeOf(
  header: string,
  kind: "exactMatchMap" | "prefixMatchMap",
  value: MatchMap,
): NonNullable<Matcher["matcherType"]> {
  const tree = create(MatcherTreeSchema, { input: inputOf(header), treeType: { case: kind, value } });
  return { case: "matcherTree", value: tree };
}

function mapOf(nodes: ReadonlyMap<string, MatchNode>, routesOf: RoutesOf): MatchMap {
  return create(MatchMapSchema, {
    map: Object.fromEntries([...nodes].map(([key, node]) => [key, onMatchOf(node, routesOf)])),
  });
}

/** A last step without conditions is what is done when no other matches. */
function listMatcherOf(steps: readonly MatchStep[], routesOf: RoutesOf): Matcher {
  const last = steps.at(-1);
  const otherwise = last?.conditions.length === 0 ? last : undefined;
  const matchers = (otherwise === undefined ? steps : steps.slice(0, -1)).map(({ conditions, node }) =>
    create(FieldMatcherSchema, { predicate: predicateOf(conditions), onMatch: onMatchOf(node, routesOf) }),
  );
  return create(MatcherSchema, {
    ...(matchers.length === 0
      ? {}
      : { matcherType: { case: "matcherList" as const, value: create(MatcherListSchema, { matchers }) } }),
    ...(otherwise === undefined ? {} : { onNoMatch: onMatchOf(otherwise.node, routesOf) }),
  });
}

/** Every path begins with a slash: what always holds. */
const always: Condition = { header: ROUTE_PATH_HEADER, type: "prefix", value: "/" };

function predicateOf(conditions: readonly Condition[]): Predicate {
  const [first = always, ...others] = conditions;
  if (others.length === 0) return singlePredicateOf(first);
  const value = create(PredicateListSchema, { predicate: conditions.map(singlePredicateOf) });
  return create(PredicateSchema, { matchType: { case: "andMatcher", value } });
}

function singlePredicateOf(condition: Condition): Predicate {
  const value = create(SinglePredicateSchema, {
    input: inputOf(condition.header),
    matcher: { case: "valueMatch", value: stringMatcherOf(condition) },
  });
  return create(PredicateSchema, { matchType: { case: "singlePredicate", value } });
}

function stringMatcherOf({ type, value }: Condition): StringMatcher {
  switch (type) {
    case "exact":
    case "prefix":
      return create(StringMatcherSchema, { matchPattern: { case: type, value } });
    case "regex": {
      const regex = create(RegexMatcherSchema, { regex: value, engineType: { case: "googleRe2", value: {} } });
      return create(StringMatcherSchema, { matchPattern: { case: "safeRegex", value: regex } });
    }
  }
}

const inputOf = (headerName: string): TypedExtensionConfig =>
  extension(anyPack(HttpRequestHeaderMatchInputSchema, create(HttpRequestHeaderMatchInputSchema, { headerName })));

/** Envoy finds the extension by the type of its configuration; the name must be there and says nothing. */
const extension = (typedConfig: Any): TypedExtensionConfig =>
  create(TypedExtensionConfigSchema, { name: "-", typedConfig });
