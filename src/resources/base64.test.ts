import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64, decodeUtf8, encodeBase64, encodeUtf8 } from "./base64.ts";

describe("base64", () => {
  test("decodes to the bytes that were encoded, as Node does", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
  });

  test("ignores line breaks and refuses everything else", () => {
    expect(decodeBase64("aGVs\nbG8=\r\n")).toEqual(encodeUtf8("hello"));
    expect(["a", "a===", "????", "aGVsbG8", "aG Vs"].map(decodeBase64)).toEqual(Array(5).fill(undefined));
  });
});

describe("UTF-8", () => {
  test("is read and written as Node does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(encodeUtf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
  });

  test("bytes that are no text decode to nothing", () => {
    expect(decodeUtf8(new Uint8Array([0xff, 0xfe]))).toBeUndefined();
  });
});
