/**
 * CORS preflights of rules that match a method: a browser asks by OPTIONS whether it may use that method, and without the
 * headers that it will send. Without a match for the question the rule's CORS filter would never be asked.
 *
 * https://fetch.spec.whatwg.org/#cors-preflight-fetch
 */
import type { HttpMatch } from "../../model/index.ts";

/** The match of the preflight for a match; undefined where the match itself takes it. */
export function preflightMatchOf({ path, method, queryParams }: HttpMatch): HttpMatch | undefined {
  if (method === undefined || method === "OPTIONS") return undefined;
  const asks = { name: "access-control-request-method", type: "Exact", value: method } as const;
  return { path, method: "OPTIONS", headers: [asks], queryParams };
}
