import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimStateDirectory, defaultStateDirectory } from "./state-directory.ts";

let base: string;

beforeEach(() => (base = mkdtempSync(join(tmpdir(), "trilith-state-"))));
afterEach(() => rmSync(base, { recursive: true }));

describe("the default state directory", () => {
  test("is the same for the same configuration, however it is named, and another for another", () => {
    const one = join(base, "one");
    const two = join(base, "two");
    const link = join(base, "link");
    mkdirSync(one);
    mkdirSync(two);
    symlinkSync(one, link);
    const environment = { XDG_STATE_HOME: "/state" };
    const of = (...paths: string[]): string => defaultStateDirectory(paths, environment);
    expect(of(one, two)).toMatch(/^\/state\/trilith\/[0-9a-f]{12}$/);
    expect([of(two, one), of(link, two)]).toEqual([of(one, two), of(one, two)]);
    expect(of(one)).not.toBe(of(two));
  });

  test("is below the home directory when nothing else is said", () => {
    expect(defaultStateDirectory(["/x"], { HOME: "/home/a" })).toMatch(/^\/home\/a\/\.local\/state\/trilith\//);
  });
});

describe("claiming a state directory", () => {
  test("makes it, for this user alone, and gives it back", async () => {
    const path = join(base, "a", "b");
    const first = await claimStateDirectory(path);
    await expect(claimStateDirectory(path)).rejects.toMatchObject({ code: "state-directory-busy" });
    await first.release();
    const second = await claimStateDirectory(path);
    await second.release();
    expect((statSync(path).mode & 0o777).toString(8)).toBe("700");
  });

  test("takes away the sockets that a control plane left which was killed, since nobody could listen there", async () => {
    const left = await claimStateDirectory(base);
    for (const socket of [left.adsSocket, left.meshSocket]) writeFileSync(socket, "");
    await left.release();
    const claimed = await claimStateDirectory(base);
    await claimed.release();
    expect([left.adsSocket, left.meshSocket].filter((socket) => existsSync(socket))).toEqual([]);
  });

  test("fails in one sentence when sockets in it would have too long a name", async () => {
    const path = join(base, "x".repeat(100));
    await expect(claimStateDirectory(path)).rejects.toMatchObject({
      code: "state-directory-unusable",
      message: `The state directory ${path} has too long a path for the sockets in it: choose a shorter one with --state-dir.`,
    });
  });
});
