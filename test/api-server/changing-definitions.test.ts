/** Definitions that go, come again in a version that Trilith does not read, or of another release: what else there is goes on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { CONTROLLER_NAME } from "../../src/app/standalone-settings.ts";
import { ApiError, resourcePath } from "../../src/kubernetes/index.ts";
import type { Condition } from "../../src/resources/index.ts";
import { createDefinition } from "./control-plane.ts";
import { startReplica } from "./controller-replica.ts";
import { FollowedCluster } from "./followed-cluster.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const GROUP = "gateway.networking.k8s.io";
const PATIENCE = { timeout: 60_000 };
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const ROUTES = `httproutes.${GROUP}`;

const cluster = useControlPlane();

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly versions: readonly { readonly name: string }[] };
}

const definitionOf = (plural: string): Definition =>
  parse(readFileSync(join(environment?.crds ?? "", `${GROUP}_${plural}.yaml`), "utf8")) as Definition;

const routeDefinition = (): Definition => definitionOf("httproutes");

/** Resolves when it, and all objects of its kind, are gone. */
async function deleteDefinition(name: string): Promise<void> {
  const path = `${DEFINITIONS}/${name}`;
  await cluster.client.request({ method: "DELETE", path });
  const isThere = (): Promise<boolean> =>
    cluster.client.request({ method: "GET", path }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiError && error.code === "notFound") return false;
        throw error;
      },
    );
  await expect.poll(isThere, PATIENCE).toBe(false);
}

/** The API server lets the first objects of a new kind in a moment after it says that it would. */
async function createRoute(name: string): Promise<void> {
  const path = resourcePath({ group: GROUP, version: "v1", plural: "httproutes", namespace: "default" });
  const body = { apiVersion: `${GROUP}/v1`, kind: "HTTPRoute", metadata: { name }, spec: {} };
  const isCreated = (): Promise<boolean> =>
    cluster.client.request({ method: "POST", path, body }).then(
      () => true,
      (error: unknown) => error instanceof ApiError && error.code === "alreadyExists",
    );
  await expect.poll(isCreated, PATIENCE).toBe(true);
}

async function createService(name: string): Promise<void> {
  const body = { metadata: { name }, spec: { clusterIP: "None", ports: [{ port: 80 }] } };
  await cluster.client.request({ method: "POST", path: "/api/v1/namespaces/default/services", body });
}

describe.skipIf(environment === undefined)("definitions", { timeout: 300_000 }, () => {
  test("that go take their objects along; in a version that nobody reads they are told; and the rest goes on", async () => {
    const followed = new FollowedCluster(cluster.client);
    await followed.synced;
    await createRoute("first");
    await expect.poll(() => followed.namesOf("HTTPRoute"), PATIENCE).toEqual(["first"]);
    const definition = routeDefinition();
    await deleteDefinition(ROUTES);
    await createService("without");
    await expect.poll(() => followed.namesOf("HTTPRoute"), PATIENCE).toEqual([]);
    await expect.poll(() => followed.namesOf("Service"), PATIENCE).toContain("without");
    expect(followed.source.problems).toEqual([]);
    const [version] = definition.spec.versions;
    const strange = { ...definition, spec: { ...definition.spec, versions: [{ ...version, name: "v9" }] } };
    await createDefinition(cluster.client, strange);
    await expect
      .poll(() => followed.source.problems, PATIENCE)
      .toMatchObject([
        { code: "not-served", message: "The cluster has HTTPRoute in v9, and Trilith reads v1, v1beta1" },
      ]);
    await createService("beside");
    await expect.poll(() => followed.namesOf("Service"), PATIENCE).toContain("beside");
    await deleteDefinition(ROUTES);
    await createDefinition(cluster.client, definition);
    await createRoute("second");
    await expect.poll(() => followed.namesOf("HTTPRoute"), PATIENCE).toEqual(["second"]);
    expect(followed.source.problems).toEqual([]);
  });

  test("of another release are told in the GatewayClass, and no more when they are of ours again", async () => {
    const classes = { group: GROUP, version: "v1", plural: "gatewayclasses" };
    const body = {
      apiVersion: `${GROUP}/v1`,
      kind: "GatewayClass",
      metadata: { name: "trilith" },
      spec: { controllerName: CONTROLLER_NAME },
    };
    await cluster.client.request({ method: "POST", path: resourcePath(classes), body });
    await using _ = await startReplica(cluster.client, "one");
    const supported = async (): Promise<unknown> => {
      const { status } = await cluster.client.request<{ status?: { conditions?: readonly Condition[] } }>({
        method: "GET",
        path: resourcePath({ ...classes, name: "trilith" }),
      });
      return (status?.conditions ?? [])
        .filter(({ type }) => type === "Accepted" || type === "SupportedVersion")
        .map(({ type, status: is, reason }) => `${type}=${is} ${reason}`)
        .sort();
    };
    const ofRelease = (release: string): Promise<unknown> =>
      cluster.client.request({
        method: "PATCH",
        patch: "merge",
        path: `${DEFINITIONS}/tcproutes.${GROUP}`,
        body: { metadata: { annotations: { [`${GROUP}/bundle-version`]: release } } },
      });
    await expect
      .poll(supported, PATIENCE)
      .toEqual(["Accepted=True Accepted", "SupportedVersion=True SupportedVersion"]);
    await ofRelease("v1.2.0");
    await expect
      .poll(supported, PATIENCE)
      .toEqual(["Accepted=True Accepted", "SupportedVersion=False UnsupportedVersion"]);
    await ofRelease("v1.7.0");
    await expect
      .poll(supported, PATIENCE)
      .toEqual(["Accepted=True Accepted", "SupportedVersion=True SupportedVersion"]);
  });

  test("without which there is nothing to do are missed aloud, at a start and later, and keep no replica from serving", async () => {
    const missed = (followed: FollowedCluster): readonly string[] =>
      followed.source.problems.map(({ code, message }) => `${code}: ${message}`);
    const before = new FollowedCluster(cluster.client);
    await before.synced;
    expect(missed(before)).toEqual([]);
    const definition = definitionOf("gateways");
    await deleteDefinition(definition.metadata.name);
    const told = ["not-served: The cluster has no Gateway"];
    await expect.poll(() => missed(before), PATIENCE).toEqual(told);
    const after = new FollowedCluster(cluster.client);
    await after.synced;
    expect(missed(after)).toEqual(told);
    await createDefinition(cluster.client, definition);
    await expect.poll(() => [missed(before), missed(after)], PATIENCE).toEqual([[], []]);
  });
});
