/** Real Envoys of the real controller, asked over IPv4 and IPv6: those of a cluster with IPv6 take both, and others IPv4 alone. */
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { fetchOnce } from "../support/steady-requests.ts";
import { canRun, NAMESPACE, useGateways } from "./gateway-world.ts";

const PATIENCE = { timeout: 60_000 };
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

const world = useGateways();

/** What the listener and the port for probes answer, over IPv4 and IPv6. */
async function answersWith(options: { readonly bindAddress?: "::" }): Promise<readonly string[]> {
  const replica = await world.startReplica("one", options);
  // The replica of before may have made it in its way.
  await expect.poll(isBootstrappedWithIpv6, PATIENCE).toBe(options.bindAddress === "::");
  const pod = await world.startPod("web", await world.startRelay(replica));
  await expect.poll(() => world.ask("web"), PATIENCE).toBe("302");
  const probe = { port: pod.probePort, host: "probe", isTls: false };
  const answers = ["127.0.0.1", "::1"].flatMap((address) => [
    fetchOnce({ ...world.target("web"), address }),
    fetchOnce({ ...probe, address }),
  ]);
  return (await Promise.all(answers)).map((answer) => answer.split(" ")[0] ?? "");
}

async function isBootstrappedWithIpv6(): Promise<boolean | undefined> {
  interface ConfigMapList {
    readonly items: readonly { readonly metadata: { readonly name: string }; readonly data: object }[];
  }
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const { items } = await world.cluster.client.request<ConfigMapList>({ method: "GET", path });
  const made = items.find(({ metadata }) => metadata.name === "web-trilith");
  return made && JSON.stringify(made.data).includes("ipv4_compat");
}

// The port for probes answers nobody who asks for "/".
describe.skipIf(!canRun() || !hasIpv6)("an Envoy in a cluster", { timeout: 240_000 }, () => {
  test("with IPv6 is asked over both", async () => {
    expect(await answersWith({ bindAddress: "::" })).toEqual(["302", "404", "302", "404"]);
  });

  test("without IPv6 is asked over IPv4", async () => {
    expect(await answersWith({})).toEqual(["302", "404", "ECONNREFUSED", "ECONNREFUSED"]);
  });
});
