/**
 * Session persistence. It pins an endpoint within a backend and never the backend itself: weights choose that on every
 * request. So each backend of a rule has a cookie of its own, or one backend's pin would be lost by a visit to another.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1619/
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { TypedExtensionConfigSchema } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import type { TypedExtensionConfig } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import {
  StatefulSessionPerRouteSchema,
  StatefulSessionSchema,
} from "../../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import type { StatefulSessionPerRoute } from "../../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { CookieBasedSessionStateSchema } from "../../generated/envoy/extensions/http/stateful_session/cookie/v3/cookie_pb.ts";
import { HeaderBasedSessionStateSchema } from "../../generated/envoy/extensions/http/stateful_session/header/v3/header_pb.ts";
import { CookieSchema } from "../../generated/envoy/type/http/v3/cookie_pb.ts";
import type { BackendKey, SessionPersistence } from "../../model/index.ts";
import { durationOf } from "./duration-of.ts";

/** `shared`: the rule has several backends. */
export function sessionOf(
  persistence: SessionPersistence,
  backend: BackendKey,
  shared: boolean,
  secure: boolean,
): StatefulSessionPerRoute {
  const sessionState =
    persistence.type === "Cookie"
      ? cookieStateOf(persistence, backend, shared, secure)
      : headerStateOf(persistence.name);
  const statefulSession = create(StatefulSessionSchema, { sessionState });
  return create(StatefulSessionPerRouteSchema, { override: { case: "statefulSession", value: statefulSession } });
}

function cookieStateOf(
  { name, path, maxAgeMs = 0 }: SessionPersistence & { readonly type: "Cookie" },
  backend: BackendKey,
  shared: boolean,
  secure: boolean,
): TypedExtensionConfig {
  const cookie = create(CookieSchema, {
    name: shared ? `${name}-${tokenOf(backend)}` : name,
    path,
    ttl: durationOf(maxAgeMs),
    attributes: [{ name: "SameSite", value: "Strict" }, ...(secure ? [{ name: "Secure" }] : [])],
  });
  return create(TypedExtensionConfigSchema, {
    name: "envoy.http.stateful_session.cookie",
    typedConfig: anyPack(CookieBasedSessionStateSchema, create(CookieBasedSessionStateSchema, { cookie })),
  });
}

const headerStateOf = (name: string): TypedExtensionConfig =>
  create(TypedExtensionConfigSchema, {
    name: "envoy.http.stateful_session.header",
    typedConfig: anyPack(HeaderBasedSessionStateSchema, create(HeaderBasedSessionStateSchema, { name })),
  });

/** A key as a part of a cookie's name: what may not stand there becomes its code point. */
const tokenOf = (key: string): string =>
  key.replace(/[^A-Za-z0-9_-]/g, (character) => `.${(character.codePointAt(0) ?? 0).toString(16)}`);
