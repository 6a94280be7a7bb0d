/**
 * CORS as the policy of Envoy's filter, which answers preflights itself.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httpcorsfilter
 */
import { create } from "@bufbuild/protobuf";
import { CorsPolicySchema } from "../../generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import type { CorsPolicy } from "../../generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { RegexMatcherSchema } from "../../generated/envoy/type/matcher/v3/regex_pb.ts";
import { StringMatcherSchema } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { StringMatcher } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import { type Cors, quoteRegularExpression } from "../../model/index.ts";

export const corsPolicyOf = (cors: Cors): CorsPolicy =>
  create(CorsPolicySchema, {
    allowOriginStringMatch: cors.allowOrigins.map(originMatcherOf),
    allowMethods: cors.allowMethods.join(","),
    allowHeaders: cors.allowHeaders.join(","),
    // With credentials an asterisk is no wildcard to a browser, and the specification forbids it; Envoy replaces the other two.
    exposeHeaders: cors.exposeHeaders.filter((name) => name !== "*" || !cors.allowCredentials).join(","),
    maxAge: String(cors.maxAgeSeconds),
    ...(cors.allowCredentials ? { allowCredentials: true } : {}),
    forwardNotMatchingPreflights: false,
  });

/** A wildcard stands for any host, or for the labels in front of one; never for a scheme or a port. */
function originMatcherOf(origin: string): StringMatcher {
  if (origin === "*" || !origin.includes("*")) {
    return create(StringMatcherSchema, { matchPattern: { case: "exact", value: origin } });
  }
  const regex = origin.split("*").map(quoteRegularExpression).join("[^/:]+");
  return create(StringMatcherSchema, {
    matchPattern: { case: "safeRegex", value: create(RegexMatcherSchema, { regex }) },
  });
}
