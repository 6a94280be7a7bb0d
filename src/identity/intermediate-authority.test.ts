import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { leadsTo } from "./certificate-chains.ts";
import { IntermediateAuthority } from "./intermediate-authority.ts";
import { createIntermediate, createRoot, issueWorkloadCertificate } from "./issue-certificates.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const start = new Date("2026-01-01T00:00:00Z");
const at = (ms: number): Date => new Date(start.getTime() + ms);
const root = (lifeMs = 1_000 * DAY_MS) => createRoot("root", { notBefore: start, notAfter: at(lifeMs) });
const ofAWeek = (): IntermediateAuthority =>
  new IntermediateAuthority((now) => ({ notBefore: now, notAfter: new Date(now.getTime() + 7 * DAY_MS) }));

test("what it signs leads to the root, and is good to its end, also when another one signs", async () => {
  const authority = await root();
  const intermediate = ofAWeek();
  const signers: string[] = [];
  for (const hours of [0, 83, 84, 200]) {
    const now = at(hours * HOUR_MS);
    const signer = await intermediate.under(authority, now);
    const lifetime = { notBefore: now, notAfter: new Date(now.getTime() + DAY_MS) };
    const { certificate } = await issueWorkloadCertificate(signer, "spiffe://example.org/ns/a/sa/b", lifetime);
    signers.push(signer.certificate);
    expect([leadsTo(certificate, authority.roots), new X509Certificate(certificate).validToDate]).toEqual([
      true,
      lifetime.notAfter,
    ]);
  }
  expect(signers.map((signer) => signers.indexOf(signer))).toEqual([0, 0, 2, 3]);
});

test("many that ask at once are given one, and another one as soon as another root signs", async () => {
  const intermediate = ofAWeek();
  const [first, second] = [await root(), await root()];
  const signers = await Promise.all([1, 2, 3].map(() => intermediate.under(first, start)));
  expect([new Set(signers).size, (await intermediate.under(second, start)) === signers[0]]).toEqual([1, false]);
});

test("under a root that ends soon there is one to the end, and not one for each certificate", async () => {
  const authority = await root(DAY_MS);
  const intermediate = ofAWeek();
  const [first, second] = [
    await intermediate.under(authority, start),
    await intermediate.under(authority, at(HOUR_MS)),
  ];
  expect([first === second, new X509Certificate(first.certificate).validToDate]).toEqual([true, at(DAY_MS)]);
});

test("an authority that may sign no others signs itself, with what leads from it to its root", async () => {
  const authority = await root();
  const brought = await createIntermediate(authority, "brought", { notBefore: start, notAfter: at(DAY_MS) });
  expect(await ofAWeek().under(brought, start)).toBe(brought);
  const { certificate } = await issueWorkloadCertificate(brought, "spiffe://example.org/ns/a/sa/b", {
    notBefore: start,
    notAfter: at(HOUR_MS),
  });
  expect([leadsTo(certificate, authority.roots), certificate.split("BEGIN CERTIFICATE").length - 1]).toEqual([true, 2]);
});
