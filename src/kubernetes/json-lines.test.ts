import { array, assert, integer, json, property } from "fast-check";
import { expect, test } from "vitest";
import { JsonLines } from "./json-lines.ts";

test("documents are the same in whatever pieces they come, and half a document at the end is dropped", () => {
  const bodies = array(json());
  const cuts = array(integer({ min: 1, max: 20 }), { minLength: 1 });
  assert(
    property(bodies, cuts, (documents, lengths) => {
      const bytes = Buffer.from(`${documents.map((document) => `${document}\n`).join("")}{"half": "€`);
      const lines = new JsonLines();
      const read: unknown[] = [];
      for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
        const length = lengths[piece % lengths.length] ?? 1;
        read.push(...lines.take(bytes.subarray(at, at + length)));
        at += length;
      }
      expect(read).toEqual(documents.map((document): unknown => JSON.parse(document)));
    }),
  );
});
