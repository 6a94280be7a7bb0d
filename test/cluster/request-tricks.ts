/**
 * Requests that are written so that a policy and a workload could read them differently. The policy of the tests allows `GET /items…`,
 * or denies `/admin…`; none of these is to get past it.
 *
 * https://www.rfc-editor.org/rfc/rfc9112#section-11 https://www.rfc-editor.org/rfc/rfc9113#section-8.3
 */
import { type Header, requestOnConnection } from "../support/http2-frames.ts";

/** Paths that are not all under `/items`, whatever their beginning. */
export const PATHS_OUT_OF_ITEMS: readonly string[] = [
  "/items/..%2fadmin",
  "/items%2f..%2fadmin",
  "/items/../admin",
  "/items/%2e%2e/admin",
  "/items/.%2e/admin",
  "/items/..;/admin",
  "/items;/../admin",
  String.raw`/items\..\admin`,
  "/items/%5c..%5cadmin",
  "/items/%252e%252e/admin",
  "/items//../admin",
  "/items/%00",
  "/items/%c0%ae%c0%ae/admin",
  "/ITEMS",
  "/Items/1",
  "/itemsx",
  "//items/../admin",
  "http://safe/admin",
  "*",
  "items",
];

/** Other ways of writing what is denied. */
export const PATHS_TO_ADMIN: readonly string[] = [
  "/admin",
  "/ADMIN",
  "/admin/",
  "/admin/x",
  "//admin",
  "/./admin",
  "/x/../admin",
  "/%61dmin",
  "/%2561dmin",
  "/admin;x=1",
  "/admin%2f",
  "/admin%00",
  "/x%2f..%2fadmin",
  String.raw`/\admin`,
  "http://safe/admin",
  "http://safe//admin",
];

/** HTTP/1.1, byte for byte; the connection ends with the answer. */
export const plainRequest = (line: string, ...headers: readonly string[]): Buffer =>
  Buffer.from([line, "host: safe", "connection: close", ...headers, "", ""].join("\r\n"), "latin1");

/** HTTP/2, with these in the place of what stands there by itself. */
export const framedRequest = (more: Readonly<Record<string, string>> = {}): Buffer => requestOnConnection(pseudo(more));

const pseudo = (more: Readonly<Record<string, string>> = {}): Header[] =>
  Object.entries({ ":method": "GET", ":scheme": "http", ":authority": "safe", ":path": "/items", ...more });

/** Repeated or contradictory headers, and methods and lines that are none. */
export const HEADER_TRICKS: Readonly<Record<string, Buffer>> = {
  "a method in small letters": plainRequest("get /items HTTP/1.1"),
  "another method": plainRequest("POST /items HTTP/1.1"),
  CONNECT: plainRequest("CONNECT safe:8080 HTTP/1.1"),
  "two lengths": plainRequest("GET /items HTTP/1.1", "content-length: 0", "content-length: 5"),
  "a length and chunks": plainRequest("GET /items HTTP/1.1", "content-length: 5", "transfer-encoding: chunked"),
  "an unknown encoding": plainRequest("GET /items HTTP/1.1", "transfer-encoding: xchunked"),
  "a space before the colon": plainRequest("GET /items HTTP/1.1", "transfer-encoding : chunked"),
  "a control character in the path": plainRequest("GET /items\u{b}/admin HTTP/1.1"),
  "an upgrade to HTTP/2": plainRequest("GET /admin HTTP/1.1", "upgrade: h2c", "http2-settings: AAMAAABk"),
  "a request behind another's body": Buffer.concat([
    plainRequest("POST /items HTTP/1.1", "content-length: 0"),
    plainRequest("GET /admin HTTP/1.1"),
  ]),
};

/** Repeated, missing, late and malformed pseudo-headers, and headers that HTTP/2 does not have. */
export const PSEUDO_HEADER_TRICKS: Readonly<Record<string, Buffer>> = {
  "two paths": requestOnConnection([...pseudo(), [":path", "/admin"]]),
  "two paths, the other first": requestOnConnection([[":path", "/admin"], ...pseudo()]),
  "two methods": requestOnConnection([...pseudo(), [":method", "POST"]]),
  "two authorities": requestOnConnection([...pseudo(), [":authority", "other"]]),
  "a header before the pseudo-headers": requestOnConnection([["accept", "x"], ...pseudo()]),
  "an empty path": framedRequest({ ":path": "" }),
  "no path": requestOnConnection(pseudo().filter(([name]) => name !== ":path")),
  "no method": requestOnConnection(pseudo().filter(([name]) => name !== ":method")),
  "a method in small letters": framedRequest({ ":method": "get" }),
  "CONNECT to a websocket": framedRequest({ ":method": "CONNECT", ":protocol": "websocket" }),
  "a pseudo-header that there is not": framedRequest({ ":unknown": "x" }),
  "a line break in the path": framedRequest({ ":path": "/items\r\nx: y" }),
  "capitals in a name": requestOnConnection([...pseudo(), ["X-Upper", "x"]]),
  "transfer-encoding": requestOnConnection([...pseudo(), ["transfer-encoding", "chunked"]]),
  "a length that is not so": requestOnConnection([...pseudo(), ["content-length", "5"]]),
};
