import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LineFollower } from "./line-follower.ts";

test("lines are delivered once and whole, also after the file was emptied, but not those from before", () => {
  const directory = mkdtempSync(join(tmpdir(), "trilith-lines-"));
  const file = join(directory, "log");
  writeFileSync(file, "from before\n");
  const lines: string[] = [];
  const follower = new LineFollower(file, (line) => lines.push(line));
  appendFileSync(file, "one\ntw");
  follower.read();
  appendFileSync(file, "o\n\nthree\n");
  follower.read();
  truncateSync(file);
  appendFileSync(file, "four\nno end");
  follower.read();
  follower.close();
  rmSync(directory, { recursive: true });
  expect(lines).toEqual(["one", "two", "three", "four", "no end"]);
});
