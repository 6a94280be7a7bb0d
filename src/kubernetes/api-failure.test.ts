import { expect, test } from "vitest";
import { errorOfAnswer } from "./api-failure.ts";

const failure = (httpStatus: number, body: unknown, retryAfter?: string) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { code, message, retryAfterMs } = errorOfAnswer(httpStatus, retryAfter, text, "GET /x");
  return [code, message, retryAfterMs];
};

test("a Status tells what went wrong", () => {
  expect(failure(404, { kind: "Status", message: 'pods "x" not found', reason: "NotFound" })).toEqual([
    "notFound",
    'GET /x: pods "x" not found',
    undefined,
  ]);
});

test("an object that is there already is another matter than one that has changed", () => {
  expect([
    failure(409, { kind: "Status", reason: "AlreadyExists" })[0],
    failure(409, { kind: "Status", reason: "Conflict" })[0],
  ]).toEqual(["alreadyExists", "conflict"]);
});

test("a server that is too busy says for how long, in its Status or beside it", () => {
  const status = { kind: "Status", message: "busy", details: { retryAfterSeconds: 3 } };
  expect([failure(429, status), failure(429, "too many", "1"), failure(503, "later", "2")]).toEqual([
    ["throttled", "GET /x: busy", 3_000],
    ["throttled", "GET /x: too many", 1_000],
    ["failed", "GET /x: later", 2_000],
  ]);
});

test("an answer that is not the API server's own is told by its beginning", () => {
  expect(failure(502, "<html>bad gateway</html>")).toEqual(["failed", "GET /x: <html>bad gateway</html>", undefined]);
});

test("an applied object with a field that there is not is the caller's mistake, though it is told as the server's own", () => {
  const message =
    "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.x: field not declared";
  expect([
    failure(500, { kind: "Status", message })[0],
    failure(500, { kind: "Status", message: "etcd is away" })[0],
  ]).toEqual(["invalid", "failed"]);
});
