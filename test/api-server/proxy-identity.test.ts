/**
 * A real Envoy and the real controller, as they know each other in a cluster: TLS whose roots change, tokens in files, and what
 * an Envoy is given that is not its own. Only the node is missing: `gateway-pod.ts` is what a kubelet would be.
 */
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { DiscoveryClient } from "../feature/discovery-client.ts";
import { SteadyRequests } from "../support/steady-requests.ts";
import { type ControllerReplica, INSTALLATION } from "./controller-replica.ts";
import type { GatewayPod } from "./gateway-pod.ts";
import { canRun, NAMESPACE, useGateways } from "./gateway-world.ts";

const SERVER_NAME = `trilith.${INSTALLATION}.svc`;
const PATIENCE = { timeout: 60_000 };
const GATEWAYS = ["web", "api"] as const;

const world = useGateways();

const isRefused = ({ log }: ControllerReplica, reason: string): boolean =>
  log.some((line) => line.includes(`"reason":"${reason}"`));

describe.skipIf(!canRun())("an Envoy and the control plane", { timeout: 240_000 }, () => {
  test("change to another root without a failed request; an Envoy that did not hear of it goes on with what it has", async () => {
    const authority = { lookMs: 100, introduceMs: 5_000, retireMs: 15_000 };
    const replica = await world.startReplica("one", { times: { authority } });
    const relay = await world.startRelay(replica);
    const [pod, cutOff] = [await world.startPod("web", relay), await world.startPod("api", relay)];
    for (const gateway of GATEWAYS) await expect.poll(() => world.ask(gateway), PATIENCE).toBe("302");
    cutOff.loseKubelet();
    const users = GATEWAYS.map((name) => new SteadyRequests(world.target(name, `steady-${name}`), "302 ", 10));
    const before = pod.roots;
    await askForAnotherRoot();
    await expect.poll(() => rootsIn(pod.roots).length, PATIENCE).toBe(2);
    const next = pod.roots.replace(before, "");
    await expect.poll(() => isTrusted(replica, next), PATIENCE).toBe(true);
    expect(await isTrusted(replica, before)).toBe(false);
    relay.breakConnections();
    for (const gateway of GATEWAYS) await world.answer(gateway, gateway, 301);
    await expect.poll(() => world.ask("web"), PATIENCE).toBe("301");
    await expect.poll(() => rootsIn(pod.roots), PATIENCE).toEqual(rootsIn(next));
    relay.breakConnections();
    await world.answer("web", "web", 307);
    await expect.poll(() => world.ask("web"), PATIENCE).toBe("307");
    expect([await world.ask("api"), cutOff.roots]).toEqual(["302", before]);
    for (const user of users) {
      const { count, wrong } = await user.stop();
      expect(wrong).toEqual([]);
      expect(count).toBeGreaterThan(100);
    }
  });

  test("an Envoy comes again, over a new connection, when its stream is as old as it may become", async () => {
    const replica = await world.startReplica("one", { times: { streamAge: { maxAgeMs: 500, jitter: 0.2 } } });
    const relay = await world.startRelay(replica);
    await world.startPod("web", relay);
    await expect.poll(() => world.ask("web"), PATIENCE).toMatch(/^30\d$/);
    const user = new SteadyRequests(world.target("web", "steady-web"), "302 ", 10);
    await expect.poll(() => relay.accepted, PATIENCE).toBeGreaterThan(4);
    await world.answer("web", "web", 308);
    await expect.poll(() => world.ask("web"), PATIENCE).toBe("308");
    expect((await user.stop()).wrong).toEqual([]);
  });

  test("an Envoy that shows a token for something else is told nothing, until its file has a right one", async () => {
    const replica = await world.startReplica("one");
    const relay = await world.startRelay(replica);
    const pod = await world.startPod("web", relay, await world.token("web", "web-stranger", "somebody.else"));
    await expect.poll(() => isRefused(replica, "wrongAudience"), PATIENCE).toBe(true);
    expect([await world.ask("web"), await namesIn(pod)]).toEqual(["ECONNREFUSED", []]);
    pod.setToken(await world.token("web", pod.name));
    await expect.poll(() => world.ask("web"), PATIENCE).toMatch(/^30\d$/);
  });

  test("an Envoy that shows the token of another Gateway's is told nothing", async () => {
    const replica = await world.startReplica("one");
    const relay = await world.startRelay(replica);
    const pod = await world.startPod("web", relay, await world.token("api", "api-lent"));
    await expect.poll(() => isRefused(replica, "wrongClaim"), PATIENCE).toBe(true);
    expect([await world.ask("web"), await namesIn(pod)]).toEqual(["ECONNREFUSED", []]);
  });

  test("an Envoy has what is its Gateway's, and asking for another's by its name gives it nothing", async () => {
    const replica = await world.startReplica("one");
    const relay = await world.startRelay(replica);
    const [web, api] = [await world.startPod("web", relay), await world.startPod("api", relay)];
    for (const gateway of GATEWAYS) await expect.poll(() => world.ask(gateway), PATIENCE).toMatch(/^30\d$/);
    await expect.poll(() => secretsIn(api), PATIENCE).toHaveLength(1);
    const [names, others] = [await namesIn(web), await namesIn(api)];
    expect([names.length > 0, names.filter((name) => others.includes(name))]).toEqual([true, []]);
    const [secret = ""] = await secretsIn(api);
    const thief = new DiscoveryClient(`https://127.0.0.1:${replica.xdsPort}`, {
      node: { id: "web-thief", cluster: `${NAMESPACE}/web` },
      headers: { authorization: `Bearer ${await world.token("web", "web-thief")}` },
      tls: { ca: web.roots, servername: SERVER_NAME },
    });
    const asked = [["secret", secret], ...others.map((name) => ["listener", name])] as const;
    for (const [kind, name] of asked) thief.subscribe(kind as "secret" | "listener", name);
    const received = await thief.until((all) => all.some(({ removed }) => removed.includes(secret)));
    await thief.close();
    const added = received.flatMap((message) => message.added);
    expect(added.filter((name) => name === secret || others.includes(name))).toEqual([]);
  });
});

async function askForAnotherRoot(): Promise<void> {
  const annotations = { "trilith.dev/rotate-root": "now" };
  const path = `/api/v1/namespaces/${INSTALLATION}/secrets/trilith-ca`;
  await world.cluster.client.request({ method: "PATCH", path, patch: "merge", body: { metadata: { annotations } } });
}

const rootsIn = (pem: string): readonly string[] => pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];

/** Whether who knows these roots alone trusts the certificate that the replica shows now. */
async function isTrusted({ xdsPort }: ControllerReplica, ca: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const at = { host: "127.0.0.1", port: xdsPort, servername: SERVER_NAME, ALPNProtocols: ["h2"] };
  const socket = connect({ ...at, ca }, () => resolve(true));
  socket.once("error", () => resolve(false));
  return await promise.finally(() => socket.destroy());
}

interface ConfigDump {
  readonly configs?: readonly { readonly name?: string }[];
}

const dumped = async (pod: GatewayPod, resource: string): Promise<readonly string[]> =>
  ((JSON.parse(await pod.admin(`/config_dump?resource=${resource}`)) as ConfigDump).configs ?? []).flatMap(({ name }) =>
    name === undefined ? [] : [name],
  );

/** Of the listeners that the Envoy was told of. */
const namesIn = (pod: GatewayPod): Promise<readonly string[]> => dumped(pod, "dynamic_listeners");

/** Besides those that it knows the control plane by. */
const secretsIn = async (pod: GatewayPod): Promise<readonly string[]> =>
  (await dumped(pod, "dynamic_active_secrets")).filter((name) => name !== "roots" && name !== "token");
