/**
 * The request header by which matching trees look up the path. Envoy's matchers see headers only, and `:path` carries the
 * query string and has no end, so every HTTP connection manager derives this one before routes are matched: the normalised
 * path without its query, closed by a slash. `/a` and `/a/b` then both begin with `/a/`, which `/ab` does not, and an exact
 * path is an exact key. What a client sends under this name is overwritten; route tables take it off again.
 *
 * See docs/decisions/route-matching.md.
 */
import type { TypedExtensionConfig } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import { earlyHeader } from "./early-header.ts";

export const ROUTE_PATH_HEADER = "x-trilith-route-path";

/** Belongs into `early_header_mutation_extensions` of every HTTP connection manager; without it, large hosts match nothing. */
export const routePathMutation: TypedExtensionConfig = earlyHeader(ROUTE_PATH_HEADER, "%PATH(NQ)%/");
