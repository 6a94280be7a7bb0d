/** An authority that somebody brings, against a real API server: how it takes over, what is told of one that is of no use, and what goes on. */
import { X509Certificate } from "node:crypto";
import { beforeEach, describe, expect, inject, test } from "vitest";
import { type Authority, type KeyPair, leadsTo } from "../../src/identity/certificate-chains.ts";
import {
  type AuthorityTimes,
  controlPlaneNames,
  type ControlPlaneAuthority,
  openAuthority,
} from "../../src/identity/index.ts";
import { createIntermediate, createRoot, issueServerCertificate } from "../../src/identity/issue-certificates.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WORKLOAD = "spiffe://cluster.local/ns/shop/sa/cart";

const cluster = useControlPlane(async () => {});
let namespace: string;
let namespaces = 0;

beforeEach(async () => {
  if (environment === undefined) return;
  namespaces += 1;
  namespace = `own-${namespaces}`;
  await cluster.client.request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: namespace } } });
});

const secrets = (name = ""): string => `/api/v1/namespaces/${namespace}/secrets${name && `/${name}`}`;

/** With the fields as they are given: `tls.crt`, `tls.key`, `ca.crt`. */
async function bring(fields: Readonly<Record<string, string>>): Promise<void> {
  await takeAway().catch(() => {});
  const body = { metadata: { name: "trilith-own-ca" }, stringData: fields };
  await cluster.client.request({ method: "POST", path: secrets(), body });
}

const takeAway = async (): Promise<unknown> =>
  await cluster.client.request({ method: "DELETE", path: secrets("trilith-own-ca") });

const fieldsOf = ({ certificate, key }: KeyPair, roots?: string): Record<string, string> => ({
  "tls.crt": certificate,
  "tls.key": key,
  ...(roots !== undefined && { "ca.crt": roots }),
});

interface Company {
  readonly root: Authority;
  readonly branch: (name: string) => Promise<KeyPair>;
}

const lifetimeFrom = (fromMs: number) => ({
  notBefore: new Date(Date.now() + fromMs),
  notAfter: new Date(Date.now() + 30 * DAY_MS),
});

async function company(name: string, from = 0, toDays = 1_000): Promise<Company> {
  const lifetime = { notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + toDays * DAY_MS) };
  const root = await createRoot(name, lifetime);
  return { root, branch: (branch) => createIntermediate(root, branch, lifetime) };
}

class Replica implements AsyncDisposable {
  readonly told: string[] = [];
  now: number = Date.now();
  readonly #authority: Promise<ControlPlaneAuthority>;

  /** `times`: in the place of the default ones. */
  constructor(times: Partial<AuthorityTimes> = {}) {
    this.#authority = openAuthority({
      times,
      client: cluster.client,
      namespace,
      name: "trilith-ca",
      givenName: "trilith-own-ca",
      serverNames: controlPlaneNames("trilith", namespace),
      clock: () => new Date(this.now),
      onBundle: () => this.told.push("bundle"),
      onProblem: (error) => this.told.push(error instanceof Error ? error.message : String(error)),
    });
  }

  async bundle(): Promise<string> {
    return (await this.#authority).bundle;
  }

  async workload(): Promise<string> {
    return (await (await this.#authority).issueForWorkload(WORKLOAD, DAY_MS)).certificate;
  }

  /** What a proxy that has the bundle thinks of everything that this replica shows and signs. */
  async isTrustedWith(bundle: string): Promise<boolean> {
    const { serverCertificate } = await this.#authority;
    return [serverCertificate.certificate, await this.workload()].every((chain) => leadsTo(chain, bundle));
  }

  async lookAfter(passedMs: number): Promise<string> {
    this.now += passedMs;
    await (await this.#authority).look();
    return (await this.#authority).step;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#authority)[Symbol.asyncDispose]();
  }
}

describe.skipIf(environment === undefined)("an authority that is brought", () => {
  test("takes over so that no proxy ever meets a certificate that it does not trust, and ours is trusted no more in the end", async () => {
    const { root, branch } = await company("company");
    await using replica = new Replica();
    const ours = await replica.bundle();
    const beforeIt = await replica.workload();
    await bring(fieldsOf(await branch("branch"), root.certificate));
    const steps: unknown[] = [];
    let proxyHas = ours;
    for (const passedMs of [0, 61 * 60_000, 29 * HOUR_MS]) {
      const step = await replica.lookAfter(passedMs);
      const wasTrusted = await replica.isTrustedWith(proxyHas);
      proxyHas = await replica.bundle();
      steps.push([step, wasTrusted, leadsTo(beforeIt, proxyHas), leadsTo(await replica.workload(), root.certificate)]);
    }
    expect(steps).toEqual([
      ["introducing", true, true, false],
      ["retiring", true, true, true],
      ["steady", true, false, true],
    ]);
    expect([proxyHas, ours === proxyHas]).toEqual([root.certificate, false]);
  });

  test("that is there before the first start signs from the beginning", async () => {
    const { root, branch } = await company("company");
    await bring(fieldsOf(await branch("branch"), root.certificate));
    await using replica = new Replica();
    expect([await replica.bundle(), await replica.isTrustedWith(root.certificate)]).toEqual([root.certificate, true]);
  });

  test("as a root with its key makes intermediate authorities, and needs no ca.crt", async () => {
    const { root } = await company("company");
    await bring(fieldsOf(root));
    await using replica = new Replica();
    const chain = (await replica.workload()).match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    expect([leadsTo(chain.join("\n"), root.certificate), chain.map((pem) => new X509Certificate(pem).ca)]).toEqual([
      true,
      [false, true],
    ]);
  });

  test("is followed by the next one of its root at once, with nothing for proxies to learn", async () => {
    const { root, branch } = await company("company");
    await bring(fieldsOf(await branch("first"), root.certificate));
    await using replica = new Replica();
    const before = await replica.workload();
    await bring(fieldsOf(await branch("second"), root.certificate));
    const step = await replica.lookAfter(60_000);
    const after = await replica.workload();
    expect([step, replica.told, [before, after].map((chain) => leadsTo(chain, root.certificate))]).toEqual([
      "steady",
      [],
      [true, true],
    ]);
    expect(new X509Certificate(after).issuer).toBe("CN=second");
  });

  test("goes on when it is taken away, and is rotated to one of ours when two thirds of its life are over", async () => {
    const { root, branch } = await company("company", 0, 30);
    await bring(fieldsOf(await branch("branch"), root.certificate));
    await using replica = new Replica();
    await takeAway();
    const steps = [await replica.lookAfter(10 * DAY_MS), await replica.lookAfter(11 * DAY_MS)];
    expect([steps, await replica.isTrustedWith(root.certificate)]).toEqual([["steady", "introducing"], true]);
  });

  test.each<[string, string, () => Promise<Record<string, string>>]>([
    [
      "without a key",
      "it has no tls.crt with a tls.key",
      async () => ({ "tls.crt": (await company("c")).root.certificate }),
    ],
    [
      "with another key",
      "its private key does not belong to its certificate",
      async () => ({ ...fieldsOf((await company("c")).root), "tls.key": (await company("d")).root.key }),
    ],
    [
      "that is no PEM",
      "its certificate is no X.509 certificate in PEM",
      async () => fieldsOf({ certificate: "x", key: "y" }),
    ],
    [
      "that is a server's certificate",
      "its certificate is not one of an authority (CA:TRUE)",
      async () => {
        const { root } = await company("c");
        const lifetime = { notBefore: new Date(), notAfter: new Date(Date.now() + DAY_MS) };
        return fieldsOf(await issueServerCertificate(root, ["a"], lifetime), root.certificate);
      },
    ],
    [
      "that is an intermediate without its root",
      "its tls.crt is no root, so it must have the root in ca.crt",
      async () => fieldsOf(await (await company("c")).branch("branch")),
    ],
    [
      "with the root of somebody else",
      "its tls.crt does not lead to a root in its ca.crt",
      async () => fieldsOf(await (await company("c")).branch("branch"), (await company("c")).root.certificate),
    ],
    [
      "that has expired",
      "its tls.crt has expired, at",
      async () => fieldsOf((await company("c", -2 * DAY_MS, -1)).root),
    ],
    [
      "below one that begins later",
      "its tls.crt leads to a root by way of certificates alone that are not good now: CN=above is good from",
      async () => {
        const { root } = await company("c");
        const above = await createIntermediate(root, "above", lifetimeFrom(2 * HOUR_MS));
        return fieldsOf(await createIntermediate(above, "below", lifetimeFrom(0)), root.certificate);
      },
    ],
    [
      "of a root that begins later",
      "its tls.crt leads to a root by way of certificates alone that are not good now: CN=c is good from",
      async () => {
        const { root } = await company("c", 2 * HOUR_MS);
        return fieldsOf(await createIntermediate(root, "branch", lifetimeFrom(0)), root.certificate);
      },
    ],
    ["that begins later", "its tls.crt is good from", async () => fieldsOf((await company("c", 2 * HOUR_MS)).root)],
  ])("%s is told of, and what signed before goes on, through a restart as well", async (_, message, fields) => {
    await using first = new Replica();
    const before = await first.bundle();
    await bring(await fields());
    await first.lookAfter(60_000);
    await using second = new Replica();
    const after = await second.bundle();
    const told = expect.stringMatching(
      new RegExp(
        `^the Secret ${namespace}/trilith-own-ca cannot be used: ${message.replaceAll(/[().]/g, "\\$&")}.*\\. Meanwhile, what signed before goes on$`,
      ),
    ) as string;
    expect([first.told, second.told]).toEqual([[told], [told]]);
    expect([after === before, await first.isTrustedWith(before), await second.isTrustedWith(before)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test("that is of no use at the first start is told of as it is: an authority of ours signs", async () => {
    await bring({ "tls.crt": (await company("c")).root.certificate });
    await using replica = new Replica();
    const told = `the Secret ${namespace}/trilith-own-ca cannot be used: it has no tls.crt with a tls.key. Meanwhile, an authority of Trilith's own signs until it can be`;
    expect([await replica.isTrustedWith(await replica.bundle()), replica.told]).toEqual([true, [told]]);
  });

  test("retires no root while a certificate of it may be good, though they live shorter since", async () => {
    await using before = new Replica({ retireMs: 28 * HOUR_MS });
    const old = await before.workload();
    await using replica = new Replica({ retireMs: 2 * HOUR_MS });
    const { root } = await company("company");
    await bring(fieldsOf(root));
    const steps: unknown[] = [];
    for (const passedMs of [0, 61 * 60_000, 27 * HOUR_MS, 2 * HOUR_MS])
      steps.push([await replica.lookAfter(passedMs), leadsTo(old, await replica.bundle())]);
    expect(steps).toEqual([
      ["introducing", true],
      ["retiring", true],
      ["retiring", true],
      ["steady", false],
    ]);
    // What the next one signs has lived shorter all the time.
    await bring(fieldsOf((await company("next")).root));
    const next = [0, 61 * 60_000, 2 * HOUR_MS].map((passedMs) => () => replica.lookAfter(passedMs));
    const later: string[] = [];
    for (const look of next) later.push(await look());
    expect(later).toEqual(["introducing", "retiring", "steady"]);
  });
});
