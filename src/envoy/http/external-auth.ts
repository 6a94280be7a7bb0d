/**
 * The ExternalAuth filter: which service one route's requests are checked with. Envoy's filter is one for all routes, and each
 * route names its own service. What it lacks per route, so that it is the same for all: the list of headers that a gRPC
 * service gets to see (all of them), and the status when the service fails.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httpexternalauthfilter
 */
import { create } from "@bufbuild/protobuf";
import { HttpUriSchema } from "../../generated/envoy/config/core/v3/http_uri_pb.ts";
import {
  AuthorizationRequestSchema,
  AuthorizationResponseSchema,
  BufferSettingsSchema,
  CheckSettingsSchema,
  ExtAuthzPerRouteSchema,
  HttpServiceSchema,
} from "../../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import type {
  CheckSettings,
  ExtAuthzPerRoute,
} from "../../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import { ListStringMatcherSchema } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { ListStringMatcher } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { BackendKey, ExternalAuth } from "../../model/index.ts";
import { grpcServiceOf } from "../grpc-service.ts";
import { durationOf } from "./duration-of.ts";
import { otherWordsExpression } from "./regular-expression.ts";

/** How long a check may take; a slower one is a refusal. */
const CHECK_TIMEOUT_MS = 10_000;

/** Switches the filter off for routes that do not name a service of their own. */
export const unguarded: ExtAuthzPerRoute = create(ExtAuthzPerRouteSchema, {
  override: { case: "disabled", value: true },
});

export function externalAuthOf(auth: ExternalAuth, backend: BackendKey): ExtAuthzPerRoute {
  const settings = create(CheckSettingsSchema, {
    serviceOverride: serviceOf(auth, backend),
    ...(auth.maxBodyBytes > 0
      ? {
          withRequestBody: create(BufferSettingsSchema, {
            maxRequestBytes: auth.maxBodyBytes,
            allowPartialMessage: true,
          }),
        }
      : { disableRequestBodyBuffering: true }),
  });
  return create(ExtAuthzPerRouteSchema, { override: { case: "checkSettings", value: settings } });
}

function serviceOf(auth: ExternalAuth, backend: BackendKey): CheckSettings["serviceOverride"] {
  const timeout = durationOf(CHECK_TIMEOUT_MS);
  if (auth.protocol === "GRPC") return { case: "grpcService", value: grpcServiceOf(backend, timeout) };
  const value = create(HttpServiceSchema, {
    // Envoy connects to the cluster; the address only has to be one.
    serverUri: create(HttpUriSchema, {
      uri: "http://external-auth",
      httpUpstreamType: { case: "cluster", value: backend },
      timeout,
    }),
    pathPrefix: pathPrefixOf(auth.pathPrefix),
    // The filter's list of headers to pass on is one for all routes; what it adds may be taken from the request.
    authorizationRequest: create(AuthorizationRequestSchema, {
      headersToAdd: auth.allowedRequestHeaders
        .filter((name) => !ALWAYS_SENT.includes(name))
        .map((key) => ({ key, value: `%REQ(${key})%` })),
    }),
    authorizationResponse: create(AuthorizationResponseSchema, {
      allowedUpstreamHeaders: auth.allowedResponseHeaders.length === 0 ? allOthers : anyOf(auth.allowedResponseHeaders),
    }),
  });
  return { case: "httpService", value };
}

/** Envoy ends, the process, at the first request whose service has a prefix without a slash at the beginning. */
function pathPrefixOf(prefix: string): string {
  const trimmed = prefix.replace(/\/+$/, "");
  return trimmed === "" || trimmed.startsWith("/") ? trimmed : `/${trimmed}`;
}

/** What Envoy sends in any case. Told to add `host`, it ends, the process, at the first request. */
const ALWAYS_SENT = ["authorization", "content-length", "host"];

const anyOf = (names: readonly string[]): ListStringMatcher =>
  create(ListStringMatcherSchema, {
    patterns: names.map((value) => ({ matchPattern: { case: "exact" as const, value }, ignoreCase: true })),
  });

/** Names the host, frames the message, or is about one connection: never taken over from an answer. */
const KEPT_BACK = [
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const allOthers: ListStringMatcher = create(ListStringMatcherSchema, {
  patterns: [{ matchPattern: { case: "safeRegex", value: { regex: otherWordsExpression(KEPT_BACK, ":") } } }],
});
