import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import type { KeyPair } from "./certificate-chains.ts";
import { createRoot, issueWorkloadCertificate } from "./issue-certificates.ts";
import { WorkloadCertificates } from "./workload-certificates.ts";

/** Timers that fire when they are told to. */
class HeldTimers {
  readonly waits: { readonly ms: number; readonly run: () => void }[] = [];

  now(): number {
    return 0;
  }

  after(ms: number, run: () => void): Disposable {
    const wait = { ms, run };
    this.waits.push(wait);
    return { [Symbol.dispose]: () => void this.waits.splice(this.waits.indexOf(wait), 1) };
  }

  fire(): void {
    for (const { run } of this.waits.splice(0)) run();
  }
}

const pair = (name: string): KeyPair => ({ certificate: name, key: name });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a certificate is made once for whoever wants it, and made anew after an hour", async () => {
  const timers = new HeldTimers();
  const issued: string[] = [];
  let count = 0;
  using workloads = new WorkloadCertificates<string>({
    issue: (id, lifeMs) => Promise.resolve(pair(`${id} ${lifeMs} #${(count += 1)}`)),
    onIssued: (key, { certificate }) => issued.push(`${key}: ${certificate}`),
    isNeeded: () => true,
    onForgotten: (key) => issued.push(`${key} forgotten`),
    onProblem: (error) => issued.push(String(error)),
    timers,
    random: () => 0,
  });
  workloads.want("a", "spiffe://a");
  workloads.want("a", "spiffe://a");
  await turn();
  expect(timers.waits.map(({ ms }) => ms)).toEqual([3_600_000]);
  timers.fire();
  await turn();
  expect(issued).toEqual(["a: spiffe://a 86400000 #1", "a: spiffe://a 86400000 #2"]);
});

test("one that cannot be made is tried again, and that is told", async () => {
  const timers = new HeldTimers();
  const told: string[] = [];
  let isDown = true;
  using workloads = new WorkloadCertificates<string>({
    issue: () => (isDown ? Promise.reject(new Error("no authority")) : Promise.resolve(pair("good"))),
    onIssued: (key) => told.push(key),
    isNeeded: () => true,
    onForgotten: (key) => told.push(`${key} forgotten`),
    onProblem: (error) => told.push(String(error)),
    timers,
    random: () => 0,
  });
  workloads.want("a", "spiffe://a");
  await turn();
  isDown = false;
  expect(timers.waits.map(({ ms }) => ms)).toEqual([5_000]);
  timers.fire();
  await turn();
  expect(told).toEqual(["Error: no authority", "a"]);
});

test("one that nobody needs any more is forgotten instead of being made anew, and made again when it is wanted", async () => {
  const timers = new HeldTimers();
  const told: string[] = [];
  using workloads = new WorkloadCertificates<string>({
    issue: (id) => Promise.resolve(pair(id)),
    onIssued: (key) => told.push(`${key} issued`),
    isNeeded: () => false,
    onForgotten: (key) => told.push(`${key} forgotten`),
    onProblem: (error) => told.push(String(error)),
    timers,
  });
  workloads.want("a", "spiffe://a");
  await turn();
  timers.fire();
  workloads.want("a", "spiffe://a");
  await turn();
  expect(told).toEqual(["a issued", "a forgotten", "a issued"]);
});

test("a workload's certificate has its SPIFFE ID and no other name, for both ends of a connection", async () => {
  const lifetime = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2026-01-02T00:00:00Z") };
  const root = await createRoot("mesh", lifetime);
  const { certificate } = await issueWorkloadCertificate(root, "spiffe://example.org/ns/shop/sa/cart", lifetime);
  const parsed = new X509Certificate(certificate);
  expect({
    names: parsed.subjectAltName,
    subject: parsed.subject,
    usages: parsed.keyUsage,
    isAuthority: parsed.ca,
    isSigned: parsed.verify(new X509Certificate(root.certificate).publicKey),
  }).toEqual({
    names: "URI:spiffe://example.org/ns/shop/sa/cart",
    subject: undefined,
    usages: ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
    isAuthority: false,
    isSigned: true,
  });
});
