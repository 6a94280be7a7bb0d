/** The authority's Secret and the tokens of proxies, against a real API server. */
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import {
  controlPlaneNames,
  type ControlPlaneAuthority,
  openAuthority,
  PEER_AUDIENCE,
  peerAdmission,
  PROXY_AUDIENCE,
  proxyAdmission,
  type RefusalReason,
} from "../../src/identity/index.ts";
import { ApiError, type ApiClient, type ClusterClient, connectToCluster } from "../../src/kubernetes/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { accountToken, createAccount } from "./accounts.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";

const environment = inject("controlPlane");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let controlPlane: ControlPlane;
let client: ClusterClient;
let namespace: string;
let namespaces = 0;

beforeAll(async () => {
  if (environment === undefined) return;
  controlPlane = await startControlPlane(environment.binary);
  client = await connectToCluster({ kubeconfig: controlPlane.kubeconfigPath });
});

afterAll(async () => {
  if (environment === undefined) return;
  client[Symbol.dispose]();
  await controlPlane.stop();
});

beforeEach(async () => {
  if (environment === undefined) return;
  namespaces += 1;
  namespace = `test-${namespaces}`;
  await client.request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: namespace } } });
});

describe.skipIf(environment === undefined)("the authority", () => {
  /** A replica whose clock the test moves. */
  class Replica implements AsyncDisposable {
    readonly told: string[] = [];
    readonly #time: { now: number };
    #authority: ControlPlaneAuthority | undefined;

    constructor(time: { now: number }) {
      this.#time = time;
    }

    async open(): Promise<this> {
      this.#authority = await openAuthority({
        client,
        namespace,
        name: "trilith-ca",
        serverNames: controlPlaneNames("trilith", namespace),
        clock: () => new Date(this.#time.now),
        onBundle: () => this.told.push("bundle"),
        onServerCertificate: () => this.told.push("certificate"),
        onProblem: (error) => this.told.push(error instanceof Error ? error.message : String(error)),
      });
      return this;
    }

    get authority(): ControlPlaneAuthority {
      if (!this.#authority) throw new Error("not open");
      return this.#authority;
    }

    /** What a proxy that has the bundle thinks of this replica's certificate. */
    isTrustedWith(bundle: string): boolean {
      const certificate = new X509Certificate(this.authority.serverCertificate.certificate);
      return certificatesOf(bundle).some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey));
    }

    get look(): () => Promise<void> {
      return async () => await this.authority.look();
    }

    async [Symbol.asyncDispose](): Promise<void> {
      await this.#authority?.[Symbol.asyncDispose]();
    }
  }

  const certificatesOf = (bundle: string): X509Certificate[] =>
    (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem));

  const secretPath = (): string => `/api/v1/namespaces/${namespace}/secrets/trilith-ca`;

  test("replicas that start at once agree on one root, and one that starts later finds it", async () => {
    const time = { now: Date.now() };
    const replicas = await Promise.all(Array.from({ length: 5 }, async () => await new Replica(time).open()));
    const later = await new Replica(time).open();
    const bundles = new Set([...replicas, later].map(({ authority }) => authority.bundle));
    expect([...bundles].map((bundle) => certificatesOf(bundle).length)).toEqual([1]);
    expect([...replicas, later].map((replica) => replica.isTrustedWith([...bundles].join("")))).toEqual(
      Array<boolean>(6).fill(true),
    );
    for (const replica of [...replicas, later]) await replica[Symbol.asyncDispose]();
  });

  test("the certificate has every name by which pods call the Service", async () => {
    await using replica = await new Replica({ now: Date.now() }).open();
    const { subjectAltName } = new X509Certificate(replica.authority.serverCertificate.certificate);
    expect(subjectAltName?.split(", ")).toEqual([
      `DNS:trilith.${namespace}.svc`,
      `DNS:trilith.${namespace}.svc.cluster.local`,
      `DNS:trilith.${namespace}`,
      "DNS:trilith",
    ]);
  });

  test("a server certificate is renewed after two thirds of its day, and the root stays", async () => {
    const time = { now: Date.now() };
    await using replica = await new Replica(time).open();
    time.now += 15 * HOUR_MS;
    await replica.look();
    const before = [...replica.told];
    time.now += 1.5 * HOUR_MS;
    await replica.look();
    expect([before, replica.told]).toEqual([[], ["certificate"]]);
  });

  test("a root is rotated so that no proxy ever meets a certificate that it does not trust", async () => {
    const time = { now: Date.now() };
    await using first = await new Replica(time).open();
    await using second = await new Replica(time).open();
    const steps: unknown[] = [];
    const note = (proxyBundle: string): void => {
      const { step, bundle } = first.authority;
      const trusted = [first, second].map((replica) => replica.isTrustedWith(proxyBundle));
      steps.push([step, certificatesOf(bundle).length, ...trusted]);
    };
    let proxyHas = first.authority.bundle;
    const patch = { metadata: { annotations: { "trilith.dev/rotate-root": "now" } } };
    await client.request({ method: "PATCH", path: secretPath(), patch: "merge", body: patch });
    const lookAll = async (): Promise<void> => {
      await Promise.all([first.look(), second.look()]);
    };
    for (const passed of [0, 61, 26 * 60, 3 * 60]) {
      time.now += passed * 60_000;
      await lookAll();
      // The other one may have lost the race for the step, and sees it at its next look.
      await lookAll();
      note(proxyHas);
      proxyHas = first.authority.bundle;
      note(proxyHas);
    }
    expect(steps).toEqual([
      ["introducing", 2, true, true],
      ["introducing", 2, true, true],
      ["retiring", 2, true, true],
      ["retiring", 2, true, true],
      ["retiring", 2, true, true],
      ["retiring", 2, true, true],
      ["steady", 1, true, true],
      ["steady", 1, true, true],
    ]);
  });

  test("a root begins to be rotated by itself when two thirds of its life are over", async () => {
    const time = { now: Date.now() };
    await using replica = await new Replica(time).open();
    time.now += 1.9 * 365 * DAY_MS;
    await replica.look();
    const early = replica.authority.step;
    time.now += 0.2 * 365 * DAY_MS;
    await replica.look();
    expect([early, replica.authority.step]).toEqual(["steady", "introducing"]);
  });

  test("an authority that somebody else keeps signs, is followed, and is never written", async () => {
    const given = await createCertificateAuthority("Company");
    const data = { "tls.crt": given.certificate, "tls.key": given.key, "ca.crt": given.certificate };
    await client.request({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/secrets`,
      body: { metadata: { name: "trilith-ca" }, stringData: data },
    });
    const time = { now: Date.now() };
    await using replica = await new Replica(time).open();
    time.now += 1_000 * DAY_MS;
    const before = await client.request<{ metadata: { resourceVersion: string } }>({
      method: "GET",
      path: secretPath(),
    });
    await replica.look();
    const after = await client.request<{ metadata: { resourceVersion: string } }>({
      method: "GET",
      path: secretPath(),
    });
    expect([after.metadata.resourceVersion, replica.isTrustedWith(given.certificate)]).toEqual([
      before.metadata.resourceVersion,
      true,
    ]);
  });

  test("a Secret that is of no use is told of, and the last root goes on", async () => {
    await using replica = await new Replica({ now: Date.now() }).open();
    const before = replica.authority.bundle;
    const patch = { data: { "tls.key": Buffer.from("nonsense").toString("base64") } };
    await client.request({ method: "PATCH", path: secretPath(), patch: "merge", body: patch });
    await replica.look();
    expect([replica.told, replica.authority.bundle === before]).toEqual([
      [`the Secret ${namespace}/trilith-ca cannot be used: its private key is none in PEM`],
      true,
    ]);
  });
});

describe.skipIf(environment === undefined)("admission", () => {
  const refusals: RefusalReason[] = [];
  const gateway = "web-trilith";

  beforeEach(async () => {
    if (environment === undefined) return;
    refusals.length = 0;
    for (const name of [gateway, "api-trilith", "default-user"]) await createAccount(client, namespace, name);
  });

  const admission = (options: { readonly client?: ApiClient; readonly clock?: () => Date } = {}) =>
    proxyAdmission({
      client,
      proxyOf: ({ namespace: of, name }) =>
        name.endsWith("-trilith") ? `${of}/${name.slice(0, -"-trilith".length)}` : undefined,
      onRefused: ({ reason }) => refusals.push(reason),
      ...options,
    });
  const bearer = async (name: string, audience: string = PROXY_AUDIENCE): Promise<string> =>
    `Bearer ${await accountToken(client, namespace, name, audience)}`;
  const node = (cluster: string) => ({ id: "pod-1", cluster: `${namespace}/${cluster}` });

  test("an Envoy is let in as a proxy of the Gateway that its ServiceAccount was made for", async () => {
    const answer = await admission().admit({ authorization: await bearer(gateway), node: node("web") });
    expect(answer).toMatchObject({ identity: `${namespace}/web`, account: { namespace, name: gateway } });
  });

  test("whoever has no right token is refused, and why is counted", async () => {
    const proxies = admission();
    const good = await bearer(gateway);
    const forged = `${good.slice(0, -4)}${good.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
    const answers = [
      await proxies.admit({ authorization: undefined, node: node("web"), address: "1" }),
      await proxies.admit({ authorization: "Basic d2hvOm1l", node: node("web"), address: "1" }),
      await proxies.admit({ authorization: "Bearer x.y.z", node: node("web"), address: "1" }),
      await proxies.admit({ authorization: forged, node: node("web"), address: "1" }),
      await proxies.admit({ authorization: await bearer(gateway, "other"), node: node("web"), address: "1" }),
      await proxies.admit({ authorization: await bearer("default-user"), node: node("web"), address: "1" }),
      await proxies.admit({ authorization: await bearer("api-trilith"), node: node("web"), address: "1" }),
      await proxies.admit({ authorization: good, node: node("api"), address: "1" }),
      await proxies.admit({ authorization: good, node: undefined, address: "1" }),
    ];
    expect(answers.map((answer) => ("refused" in answer ? `${answer.refused}: ${answer.reason}` : "let in"))).toEqual([
      "unauthenticated: noToken",
      "unauthenticated: noToken",
      "unauthenticated: malformed",
      "unauthenticated: unauthenticated",
      "unauthenticated: wrongAudience",
      "permissionDenied: unknownAccount",
      "permissionDenied: wrongClaim",
      "permissionDenied: wrongClaim",
      "permissionDenied: wrongClaim",
    ]);
    expect(refusals).toHaveLength(answers.length);
  });

  test("a token is no good after its end, also where it was good before", async () => {
    const time = { now: Date.now() };
    const proxies = admission({ clock: () => new Date(time.now) });
    const caller = { authorization: await bearer(gateway), node: node("web") };
    await proxies.admit(caller);
    time.now += 2 * HOUR_MS;
    expect(await proxies.admit(caller)).toMatchObject({ refused: "unauthenticated", reason: "expired" });
  });

  /** The API server itself remembers a token for some seconds, so that it is asked more than once. */
  test("an account that was deleted is nobody soon", async () => {
    const time = { now: Date.now() };
    const proxies = admission({ clock: () => new Date(time.now) });
    const caller = { authorization: await bearer(gateway), node: node("web") };
    await proxies.admit(caller);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${gateway}`;
    await client.request({ method: "DELETE", path });
    const askAgain = async () => {
      time.now += 5 * 60_000;
      return await proxies.admit(caller);
    };
    await expect
      .poll(askAgain, { timeout: 30_000, interval: 3_000 })
      .toMatchObject({ refused: "unauthenticated", reason: "unauthenticated" });
  });

  test("many Envoys that come at once with one token are one question", async () => {
    const calls: string[] = [];
    const counting: ApiClient = {
      request: async (call) => {
        calls.push(call.path);
        return await client.request(call);
      },
      stream: (call) => client.stream(call),
    };
    const proxies = admission({ client: counting });
    const caller = { authorization: await bearer(gateway), node: node("web") };
    await Promise.all(Array.from({ length: 100 }, async () => await proxies.admit(caller)));
    await proxies.admit(caller);
    expect(calls).toEqual(["/apis/authentication.k8s.io/v1/tokenreviews"]);
  });

  test("nobody is let in while the API server does not answer, and that is no failure of the caller", async () => {
    const down: ApiClient = {
      request: async () => await Promise.reject(new ApiError("unreachable", "no connection")),
      stream: (call) => client.stream(call),
    };
    const proxies = admission({ client: down });
    const caller = { authorization: await bearer(gateway), node: node("web"), address: "10.0.0.1" };
    const answers = [];
    for (let time = 0; time < 20; time += 1) answers.push(await proxies.admit(caller));
    expect(new Set(answers.map((answer) => "refused" in answer && answer.refused))).toEqual(new Set(["unavailable"]));
  });

  test("an address that fails again and again is turned away, but not who has proven itself there", async () => {
    const time = { now: Date.now() };
    const proxies = admission({ clock: () => new Date(time.now) });
    const good = { authorization: await bearer(gateway), node: node("web"), address: "10.0.0.1" };
    const bad = { authorization: undefined, node: node("web"), address: "10.0.0.1" };
    await proxies.admit(good);
    for (let failures = 0; failures < 10; failures += 1) await proxies.admit(bad);
    const limited = await proxies.admit(bad);
    const known = await proxies.admit(good);
    const elsewhere = await proxies.admit({ ...bad, address: "10.0.0.2" });
    time.now += 10_000;
    const later = await proxies.admit(bad);
    expect(
      [limited, known, elsewhere, later].map((answer) => ("refused" in answer ? answer.reason : "let in")),
    ).toEqual(["tooManyFailures", "let in", "noToken", "noToken"]);
  });

  test("only the control plane's own account is a replica, and only with a token for that", async () => {
    await createAccount(client, namespace, "trilith");
    const replicas = peerAdmission({ client, namespace, name: "trilith" });
    const answers = await Promise.all(
      [
        await bearer("trilith", PEER_AUDIENCE),
        await bearer("trilith", PROXY_AUDIENCE),
        await bearer(gateway, PEER_AUDIENCE),
      ].map(async (authorization) => await replicas.admit({ authorization })),
    );
    expect(answers.map((answer) => ("refused" in answer ? answer.reason : "let in"))).toEqual([
      "let in",
      "wrongAudience",
      "unknownAccount",
    ]);
  });
});
