/**
 * What a listener checks every request of a host with before routing (GEP-5224). Envoy looks for a route when a request comes,
 * decides by it which filters the request goes through, and looks again when a service has changed the request. Two things
 * follow for a guarded host: every request needs a route, or an unknown path would go unchecked, so the last one answers 404;
 * and the filters that the second route may want must be there already, so the host switches them all on, each with nothing
 * to do.
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { Any } from "@bufbuild/protobuf/wkt";
import { DirectResponseActionSchema, RouteSchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { Route } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { CorsPolicySchema } from "../../generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { ExtAuthzPerRouteSchema } from "../../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import { StatefulSessionPerRouteSchema } from "../../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import type { BackendKey, ExternalAuth, HttpEntry } from "../../model/index.ts";
import { externalAuthOf, unguarded } from "./external-auth.ts";
import {
  BACKEND_EXTERNAL_AUTH_FILTER,
  CORS_FILTER,
  EXTERNAL_AUTH_FILTER,
  guardFilter,
  SESSION_FILTER,
} from "./filter-names.ts";

/** Undefined where a guard has nobody to ask: nothing may pass then. */
export function guardConfigOf(guards: readonly ExternalAuth[]): Readonly<Record<string, Any>> | undefined {
  const named = guards.flatMap((auth) => (auth.backend === undefined ? [] : [{ auth, backend: auth.backend }]));
  if (named.length < guards.length) return undefined;
  return {
    ...Object.fromEntries(
      named.map(({ auth, backend }, position) => [
        guardFilter(position),
        anyPack(ExtAuthzPerRouteSchema, externalAuthOf(auth, backend)),
      ]),
    ),
    ...idle,
  };
}

const idle: Readonly<Record<string, Any>> = {
  [CORS_FILTER]: anyPack(CorsPolicySchema, create(CorsPolicySchema)),
  [EXTERNAL_AUTH_FILTER]: anyPack(ExtAuthzPerRouteSchema, unguarded),
  [BACKEND_EXTERNAL_AUTH_FILTER]: anyPack(ExtAuthzPerRouteSchema, unguarded),
  [SESSION_FILTER]: anyPack(
    StatefulSessionPerRouteSchema,
    create(StatefulSessionPerRouteSchema, { override: { case: "disabled", value: true } }),
  ),
};

/** Stands behind all entries of a guarded host; nothing of a route is in it. */
export const elsewhere: HttpEntry = {
  match: { path: { type: "PathPrefix", value: "/" }, headers: [], queryParams: [] },
  matchIndex: 0,
  rule: {
    origin: { kind: "HTTPRoute", namespace: "", name: "", rule: 0 },
    grpc: false,
    action: { kind: "respond", status: 404 },
    filters: { mirrors: [] },
  },
};

/** Answers what no route of a guarded host takes. */
export const notFound: Route = answerAll("no route", 404);
/** Answers everything while a guard has nobody to ask. */
export const refusal: Route = answerAll("refused by the listener", 500);

function answerAll(name: string, status: number): Route {
  return create(RouteSchema, {
    name,
    match: { pathSpecifier: { case: "prefix", value: "/" } },
    action: { case: "directResponse", value: create(DirectResponseActionSchema, { status }) },
  });
}

/** The services that are asked. */
export const backendsOfGuards = (guards: readonly ExternalAuth[] = []): readonly BackendKey[] =>
  guards.flatMap(({ backend }) => (backend === undefined ? [] : [backend]));
