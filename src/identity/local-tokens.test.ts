import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocalAuthority } from "./local-authority.ts";
import { openLocalTokens } from "./local-tokens.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "trilith-identity-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const account = { namespace: "shop", name: "cart", workload: "cart-1" };
const at = (iso: string) => (): Date => new Date(iso);

test("a token says which workload of which account it is of, until it ends", async () => {
  const tokens = await openLocalTokens(join(folder, "key"), at("2026-01-01T00:00:00Z"));
  const token = tokens.issue(account, 60_000);
  const expiresAt = Date.parse("2026-01-01T00:01:00Z");
  expect(await tokens.review(token)).toEqual({
    kind: "account",
    account: { namespace: "shop", name: "cart", pod: "cart-1", expiresAt },
  });
  const later = await openLocalTokens(join(folder, "key"), at("2026-01-01T00:00:56Z"));
  expect(later.known(token)).toEqual({ kind: "refused", reason: "expired" });
});

test("the key stays from one start to the next, for its owner alone", async () => {
  const file = join(folder, "key");
  const token = (await openLocalTokens(file)).issue(account, 60_000);
  expect((await openLocalTokens(file)).known(token).kind).toBe("account");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a file with something else is refused, and left alone", async () => {
  writeFileSync(join(folder, "key"), "password\n");
  await expect(openLocalTokens(join(folder, "key"))).rejects.toThrow("holds no key for tokens");
  writeFileSync(join(folder, "root"), "password\n");
  await expect(openLocalAuthority(join(folder, "root"))).rejects.toThrow("no X.509 certificate");
});

test("the authority stays from one start to the next, until most of its time is over", async () => {
  const file = join(folder, "root");
  const first = await openLocalAuthority(file, at("2026-01-01T00:00:00Z"));
  const second = await openLocalAuthority(file, at("2027-01-01T00:00:00Z"));
  const third = await openLocalAuthority(file, at("2028-06-01T00:00:00Z"));
  expect([second.bundle === first.bundle, third.bundle === first.bundle]).toEqual([true, false]);
  expect(first.bundle).not.toContain("PRIVATE");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
