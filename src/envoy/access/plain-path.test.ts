import { expect, test } from "vitest";
import { PLAIN_PATH } from "./plain-path.ts";

const isPlain = (path: string): boolean => new RegExp(`^(?:${PLAIN_PATH})$`, "u").test(path);

test.each(["/", "/a", "/a/", "/a/b.c", "/.a", "/..a/...", "/-_~!$&'()*+,=:@", "/caf%C3%A9", "/%20%22%5B%5d", "/A/%3A"])(
  "%s is read in one way",
  (path) => {
    expect(isPlain(path)).toBe(true);
  },
);

test.each([
  "",
  "*",
  "a",
  "//",
  "/a//b",
  "/.",
  "/..",
  "/./a",
  "/a/../b",
  "/a/..",
  "/%61",
  "/a%2Fb",
  "/a%2fb",
  "/a%5Cb",
  "/a\\b",
  "/a;b",
  "/a%3Bb",
  "/%2e%2e/a",
  "/.%2E/a",
  "/%252e",
  "/%00",
  "/a%0a",
  "/%7F",
  "/%C0%AF",
  "/%c1%9c",
  "/%FF",
  "/%",
  "/%4",
  "/%zz",
  "/a b",
  "/a\n",
  "/a|b",
  "/é",
])("%s can be read in several ways", (path) => {
  expect(isPlain(path)).toBe(false);
});
