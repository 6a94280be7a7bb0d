/**
 * What the API server lets through and cannot work: each fault is told on the object that has it, in the condition that is for it,
 * by the real controller; and what has nothing to do with it is not even written again.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CONTROLLER_NAME } from "../../src/app/standalone-settings.ts";
import { resourcePath } from "../../src/kubernetes/index.ts";
import type { Condition } from "../../src/resources/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { type ControllerReplica, createNamespace, startReplica } from "./controller-replica.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const GROUP = "gateway.networking.k8s.io";
const PATIENCE = { timeout: 60_000 };

const cluster = useControlPlane();
let replica: ControllerReplica;

const PLURALS = {
  GatewayClass: [GROUP, "gatewayclasses"],
  Gateway: [GROUP, "gateways"],
  HTTPRoute: [GROUP, "httproutes"],
  Service: ["", "services"],
  Secret: ["", "secrets"],
} as const;
type FaultKind = keyof typeof PLURALS;

const pathOf = (kind: FaultKind, name: string, namespace = "shop"): string => {
  const [group, plural] = PLURALS[kind];
  return resourcePath({ group, version: "v1", plural, name, ...(kind !== "GatewayClass" && { namespace }) });
};

async function apply(kind: FaultKind, name: string, fields: object, namespace?: string): Promise<void> {
  const [group] = PLURALS[kind];
  await cluster.client.request({
    method: "PATCH",
    patch: "apply",
    path: pathOf(kind, name, namespace),
    query: { fieldManager: "test", force: "true" },
    body: { apiVersion: group === "" ? "v1" : `${group}/v1`, kind, metadata: { name }, ...fields },
  });
}

interface Stored {
  readonly metadata: { readonly resourceVersion: string };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly conditions: readonly Condition[];
    }[];
    readonly parents?: readonly { readonly conditions: readonly Condition[] }[];
  };
}

const read = (kind: FaultKind, name: string): Promise<Stored> =>
  cluster.client.request<Stored>({ method: "GET", path: pathOf(kind, name) });

/** `Accepted=True Accepted`, of these types. */
const short = (conditions: readonly Condition[] | undefined, ...types: readonly string[]): readonly string[] =>
  types.map((type) => {
    const found = conditions?.find((condition) => condition.type === type);
    return `${type}=${found?.status} ${found?.reason}`;
  });

const ofRoute = async (name: string): Promise<readonly string[]> =>
  short((await read("HTTPRoute", name)).status?.parents?.[0]?.conditions, "Accepted", "ResolvedRefs");

/** By the listeners' names. */
async function ofListeners(gateway: string, ...types: readonly string[]): Promise<Record<string, readonly string[]>> {
  const { status } = await read("Gateway", gateway);
  return Object.fromEntries(
    (status?.listeners ?? []).map(({ name, conditions }) => [name, short(conditions, ...types)]),
  );
}

async function secretOf(certificateName: string, keyName = certificateName): Promise<object> {
  const authority = await createCertificateAuthority();
  const [own, other] = [
    await authority.issue({ commonName: certificateName, names: ["shop.test"] }),
    await authority.issue({ commonName: keyName, names: ["shop.test"] }),
  ];
  const key = certificateName === keyName ? own.key : other.key;
  return { type: "kubernetes.io/tls", data: { "tls.crt": btoa(own.certificate), "tls.key": btoa(key) } };
}

const gateway = (...listeners: readonly object[]): object => ({ spec: { gatewayClassName: "trilith", listeners } });
const http = (name: string, port: number): object => ({ name, port, protocol: "HTTP" });
const https = (name: string, port: number, secret: object): object => ({
  name,
  port,
  protocol: "HTTPS",
  tls: { certificateRefs: [secret] },
});
const routeTo = (parent: string, ...backendRefs: readonly object[]): object => ({
  spec: { parentRefs: [{ name: parent }], rules: [{ backendRefs }] },
});
const service = { spec: { ports: [{ port: 80 }] } };

/** What nothing here has to do with. */
const bystanders = async (): Promise<readonly string[]> =>
  await Promise.all(
    (
      [
        ["Gateway", "bystander"],
        ["HTTPRoute", "bystander"],
        ["GatewayClass", "trilith"],
      ] as const
    ).map(async ([kind, name]) => (await read(kind, name)).metadata.resourceVersion),
  );

let before: readonly string[];

beforeAll(async () => {
  if (environment === undefined) return;
  for (const name of ["shop", "bank"]) await createNamespace(cluster.client, name);
  await apply("GatewayClass", "trilith", { spec: { controllerName: CONTROLLER_NAME } });
  await apply("Service", "good", service);
  await apply("Service", "account", service, "bank");
  await apply("Secret", "vault", await secretOf("vault"), "bank");
  await apply("Gateway", "bystander", gateway(http("http", 80)));
  await apply("HTTPRoute", "bystander", routeTo("bystander", { name: "good", port: 80 }));
  replica = await startReplica(cluster.client, "one");
}, 120_000);

afterAll(async () => {
  if (environment !== undefined) await replica[Symbol.asyncDispose]();
});

const GOOD = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];

describe.skipIf(environment === undefined)("a fault is told where it is", { timeout: 240_000 }, () => {
  test("while all is well, nothing is", async () => {
    await expect.poll(() => ofRoute("bystander"), PATIENCE).toEqual(GOOD);
    await expect.poll(() => ofListeners("bystander", "Accepted", "ResolvedRefs"), PATIENCE).toEqual({ http: GOOD });
    before = await bystanders();
  });

  test("a backend that does not exist, and one of another namespace that nobody granted", async () => {
    await apply("HTTPRoute", "dangling", routeTo("bystander-2", { name: "nobody", port: 80 }));
    await apply("HTTPRoute", "foreign", routeTo("bystander-2", { name: "account", namespace: "bank", port: 80 }));
    await apply("Gateway", "bystander-2", gateway(http("http", 8080)));
    const told = (reason: string): readonly string[] => ["Accepted=True Accepted", `ResolvedRefs=False ${reason}`];
    await expect.poll(() => ofRoute("dangling"), PATIENCE).toEqual(told("BackendNotFound"));
    await expect.poll(() => ofRoute("foreign"), PATIENCE).toEqual(told("RefNotPermitted"));
    await expect.poll(() => ofListeners("bystander-2", "Accepted", "ResolvedRefs"), PATIENCE).toEqual({ http: GOOD });
  });

  test("certificates that are not there, of another namespace, or with another's key, each on its listener", async () => {
    await apply("Secret", "good", await secretOf("good"));
    await apply("Secret", "mixed-up", await secretOf("one", "another"));
    await apply(
      "Gateway",
      "certificates",
      gateway(
        https("good", 443, { name: "good" }),
        https("missing", 444, { name: "missing" }),
        https("foreign", 445, { name: "vault", namespace: "bank" }),
        https("mixed-up", 446, { name: "mixed-up" }),
      ),
    );
    await expect
      .poll(() => ofListeners("certificates", "ResolvedRefs"), PATIENCE)
      .toEqual({
        good: ["ResolvedRefs=True ResolvedRefs"],
        missing: ["ResolvedRefs=False InvalidCertificateRef"],
        foreign: ["ResolvedRefs=False RefNotPermitted"],
        "mixed-up": ["ResolvedRefs=False InvalidCertificateRef"],
      });
  });

  test("a Secret that turns bad, and turns good again", async () => {
    await apply("Secret", "turning", await secretOf("turning"));
    await apply("Gateway", "turning", gateway(https("https", 443, { name: "turning" }), http("http", 80)));
    const both = (reason: string): Record<string, readonly string[]> => ({
      https: [reason],
      http: ["ResolvedRefs=True ResolvedRefs"],
    });
    const told = (): Promise<unknown> => ofListeners("turning", "ResolvedRefs");
    await expect.poll(told, PATIENCE).toEqual(both("ResolvedRefs=True ResolvedRefs"));
    await apply("Secret", "turning", {
      type: "kubernetes.io/tls",
      data: { "tls.crt": btoa("no"), "tls.key": btoa("no") },
    });
    await expect.poll(told, PATIENCE).toEqual(both("ResolvedRefs=False InvalidCertificateRef"));
    await apply("Secret", "turning", await secretOf("turning"));
    await expect.poll(told, PATIENCE).toEqual(both("ResolvedRefs=True ResolvedRefs"));
  });

  test("listeners that cannot share a port, and none beside them", async () => {
    const listeners = [http("plain", 80), https("secure", 80, { name: "good" }), http("other", 8080)];
    await apply("Gateway", "conflict", gateway(...listeners));
    const conflict = ["Accepted=False ProtocolConflict", "Conflicted=True ProtocolConflict"];
    await expect
      .poll(() => ofListeners("conflict", "Accepted", "Conflicted"), PATIENCE)
      .toEqual({
        plain: conflict,
        secure: conflict,
        other: ["Accepted=True Accepted", "Conflicted=False NoConflicts"],
      });
  });

  test("64 listeners are all accepted, and have their routes", async () => {
    const names = Array.from({ length: 64 }, (_, index) => `listener-${index}`);
    await apply("Gateway", "many", gateway(...names.map((name, index) => http(name, 8_000 + index))));
    await apply("HTTPRoute", "many", routeTo("many", { name: "good", port: 80 }));
    const told = async (): Promise<unknown> =>
      (await read("Gateway", "many")).status?.listeners?.map(({ name, attachedRoutes, conditions }) => [
        name,
        attachedRoutes,
        ...short(conditions, "Accepted"),
      ]);
    await expect.poll(told, PATIENCE).toEqual(names.map((name) => [name, 1, "Accepted=True Accepted"]));
  });

  test("a route of a megabyte is a route", async () => {
    const value = (index: number): string => `${index}-${"x".repeat(3_900)}`;
    const headers = (match: number): object[] =>
      [0, 1].map((header) => ({ name: `x-header-${header}`, value: value(match * 2 + header) }));
    const rules = Array.from({ length: 16 }, (_, rule) => ({
      matches: Array.from({ length: 8 }, (_, match) => ({ headers: headers(rule * 8 + match) })),
      backendRefs: [{ name: "good", port: 80 }],
    }));
    expect(JSON.stringify(rules).length).toBeGreaterThan(1_000_000);
    await apply("HTTPRoute", "large", { spec: { parentRefs: [{ name: "many" }], rules } });
    await expect.poll(() => ofRoute("large"), PATIENCE).toEqual(GOOD);
  });

  test("a Gateway whose objects would have an older one's names", async () => {
    for (const name of ["b-c", "c"]) await apply("GatewayClass", name, { spec: { controllerName: CONTROLLER_NAME } });
    const of = (gatewayClassName: string): object => ({ spec: { gatewayClassName, listeners: [http("http", 80)] } });
    await apply("Gateway", "a", of("b-c"));
    await apply("Gateway", "a-b", of("c"));
    const told = async (): Promise<unknown> =>
      (await read("Gateway", "a-b")).status?.conditions?.find(({ type }) => type === "Programmed");
    await expect.poll(told, PATIENCE).toMatchObject({
      status: "False",
      reason: "NameTaken",
      message: expect.stringContaining("its objects would be called a-b-c, as those of the older Gateway a of"),
    });
  });

  test("and what has nothing to do with any of that was not written", async () => {
    expect(await bystanders()).toEqual(before);
  });
});
