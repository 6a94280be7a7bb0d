/** Which requests a route takes: a match of the Gateway API as Envoy's routes put it. */
import { create } from "@bufbuild/protobuf";
import {
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
  RouteMatchSchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { HeaderMatcher, RouteMatch } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { RegexMatcherSchema } from "../../generated/envoy/type/matcher/v3/regex_pb.ts";
import { StringMatcherSchema } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { StringMatcher } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { HttpMatch, PathMatch, ValueMatch } from "../../model/index.ts";
import { partsPerMillion } from "./fraction.ts";

/** What a route asks beyond its match. */
export interface Restriction {
  /** The requests whose random number of a million is below this, out of all of the host's. */
  readonly below?: number;
  readonly authority?: string;
}

/** `restriction.authority` is a regular expression. Regular expressions match whole values. */
export function routeMatchOf(match: HttpMatch, restriction: Restriction = {}): RouteMatch {
  const { below, authority } = restriction;
  const headers = match.headers.map(headerMatcherOf);
  if (match.method !== undefined)
    headers.unshift(headerMatcherOf({ name: ":method", type: "Exact", value: match.method }));
  if (authority !== undefined) {
    headers.push(headerMatcherOf({ name: ":authority", type: "RegularExpression", value: authority }));
  }
  return create(RouteMatchSchema, {
    pathSpecifier: pathSpecifierOf(match.path),
    headers,
    queryParameters: match.queryParams.map((parameter) =>
      create(QueryParameterMatcherSchema, {
        name: parameter.name,
        queryParameterMatchSpecifier: { case: "stringMatch", value: stringMatcherOf(parameter) },
      }),
    ),
    ...(below === undefined ? {} : { runtimeFraction: { defaultValue: partsPerMillion(below) } }),
  });
}

function pathSpecifierOf({ type, value }: PathMatch): NonNullable<RouteMatch["pathSpecifier"]> {
  switch (type) {
    case "Exact":
      return { case: "path", value };
    case "PathPrefix":
      return value === "/" ? { case: "prefix", value } : { case: "pathSeparatedPrefix", value };
    case "RegularExpression":
      return { case: "safeRegex", value: create(RegexMatcherSchema, { regex: value }) };
  }
}

function headerMatcherOf(match: ValueMatch): HeaderMatcher {
  return create(HeaderMatcherSchema, {
    name: match.name,
    headerMatchSpecifier: { case: "stringMatch", value: stringMatcherOf(match) },
  });
}

function stringMatcherOf({ type, value }: ValueMatch): StringMatcher {
  const matchPattern: StringMatcher["matchPattern"] =
    type === "Exact"
      ? { case: "exact", value }
      : { case: "safeRegex", value: create(RegexMatcherSchema, { regex: value }) };
  return create(StringMatcherSchema, { matchPattern });
}
