/**
 * CORS preflights of rules that match a method or headers: a browser asks by OPTIONS whether it may use that method and send
 * those headers, and sends neither. Without a match for the question the rule's CORS filter would never be asked.
 *
 * https://fetch.spec.whatwg.org/#cors-preflight-fetch
 */
import type { HttpMatch } from "../../model/index.ts";

/** The match of the preflight for a match; undefined where the match itself takes it. */
export function preflightMatchOf({ path, method, headers, queryParams }: HttpMatch): HttpMatch | undefined {
  if (method === undefined && headers.length === 0) return undefined;
  if (method === "OPTIONS") return undefined;
  const name = "access-control-request-method";
  const asks =
    method === undefined
      ? ({ name, type: "RegularExpression", value: ".+" } as const)
      : ({ name, type: "Exact", value: method } as const);
  return { path, method: "OPTIONS", headers: [asks], queryParams };
}
