/**
 * Session persistence of a rule, as the model has it, and what Envoy cannot do of it.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1619/
 */
import type { RuleOrigin, SessionPersistence } from "../../model/index.ts";
import { parseDuration, type SessionPersistence as SessionPersistenceSpec } from "../../resources/index.ts";
import type { RuleNotice } from "../rules/route-rules.ts";

/** A cookie that the user does not name is named after the rule, so that rules of one host do not share pins. */
export const cookieNameOf = ({ namespace, name, rule }: RuleOrigin): string => `trilith-${namespace}.${name}-${rule}`;

/** `cookieName` is for a cookie that has none of its own. */
export function sessionPersistenceOf(spec: SessionPersistenceSpec, cookieName: string): SessionPersistence {
  if (spec.type === "Header") return { type: "Header", name: spec.header.name.toLowerCase() };
  const { name, path, lifetimeType } = spec.cookie;
  const maxAge =
    lifetimeType === "Permanent" && spec.absoluteTimeout !== undefined
      ? parseDuration(spec.absoluteTimeout)
      : undefined;
  return {
    type: "Cookie",
    name: name ?? cookieName,
    path,
    ...(maxAge !== undefined && { maxAgeMs: maxAge }),
  };
}

/** `path` is the field path of `spec`; `backends` counts those that get requests. */
export function sessionNotices(spec: SessionPersistenceSpec, path: string, backends: number): RuleNotice[] {
  const isPermanent = spec.type === "Cookie" && spec.cookie.lifetimeType === "Permanent";
  const ignored: RuleNotice = {
    code: "absolute-timeout-not-supported",
    path: `${path}.absoluteTimeout`,
    message: "the session does not end at its absoluteTimeout: only the cookie's own lifetime can be bounded",
    advice: "Use a cookie with lifetimeType Permanent, or leave absoluteTimeout out",
  };
  const lost: RuleNotice = {
    code: "session-header-of-several-backends",
    path: `${path}.header`,
    message:
      "one header cannot hold the sessions of several backends: a client whose next request goes to another backend loses its endpoint",
    advice: "Use a cookie, which each backend has for itself, or one backend in the rule",
  };
  return [
    ...(spec.absoluteTimeout !== undefined && !isPermanent ? [ignored] : []),
    ...(spec.type === "Header" && backends > 1 ? [lost] : []),
  ];
}
