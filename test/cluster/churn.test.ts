/**
 * What goes on in a cluster while users are served: Envoys and backends that are rolled, replicas of the controller that are killed
 * and upgraded, an API server that is killed, and routes that change. No request may fail. Where backends are what changes, the same
 * is asked of their Service without a gateway, to tell what the cluster does from what the gateway does.
 * And, in the same cluster, a Gateway of several addresses.
 */
import { describe, expect, inject, test } from "vitest";
import { tell } from "../support/tell.ts";
import { ECHO_IMAGE } from "./images.ts";
import type { SentRequests } from "./steady-sender.ts";
import { startUsers } from "./start-users.ts";
import type { SteadyUser } from "./steady-user.ts";
import { webGateway } from "./mesh-objects.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const HOST = "shop.test";
const GRPC_HOST = "grpc.test";
/** What a run of the senders is at least, for it to say anything. */
const ENOUGH = 200;
let address: string;
/** Of the backends' Service. */
let serviceAddress: string;

const used = useTrilithCluster(({ apply, untilRolledOut, kubectl }) => {
  apply(namespace, gateway, routeWith("v1"), grpcRoute);
  apply(backendOf("backend"), serviceOf("backend", {}));
  apply(backendOf("grpc", { GRPC_ECHO_SERVER: "1" }), serviceOf("grpc", { appProtocol: "kubernetes.io/h2c" }));
  untilRolledOut(["shop", "deployment/backend"], ["shop", "deployment/grpc"]);
  kubectl("-n", "shop", "wait", "--for=condition=Programmed", "gateway/web", "--timeout=60s");
  address = kubectl("-n", "shop", "get", "gateway/web", "-o", "jsonpath={.status.addresses[0].value}");
  serviceAddress = kubectl("-n", "shop", "get", "service/backend", "-o", "jsonpath={.spec.clusterIP}");
});
const { kubectl, apply } = used;

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };

/** It answers for a while after it is told to end, until everybody knows that it goes: the image itself ends at once. */
const backendOf = (name: string, environment: Readonly<Record<string, string>> = {}): object => {
  const labels = { app: name };
  const env = Object.entries({ POD_NAME: name, NAMESPACE: "shop", ...environment });
  const echo = {
    name: "echo",
    image: ECHO_IMAGE,
    imagePullPolicy: "Never",
    env: env.map(([key, value]) => ({ name: key, value })),
    readinessProbe: { tcpSocket: { port: 3000 }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [echo] } } },
  };
};
const serviceOf = (name: string, port: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 3000, ...port }] },
});
const gateway = webGateway("shop", "web");
const routeWith = (version: string): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "shop", namespace: "shop" },
  spec: {
    parentRefs: [{ name: "web" }],
    hostnames: [HOST],
    rules: [
      {
        filters: [
          { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-version", value: version }] } },
        ],
        backendRefs: [{ name: "backend", port: 80 }],
      },
    ],
  },
});

const grpcRoute = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GRPCRoute",
  metadata: { name: "grpc", namespace: "shop" },
  spec: {
    parentRefs: [{ name: "web" }],
    hostnames: [GRPC_HOST],
    rules: [{ backendRefs: [{ name: "grpc", port: 80 }] }],
  },
};

const EVERYBODY: readonly SteadyUser["name"][] = ["http1", "http1-new", "http2", "grpc", "websocket"];

const users = (names: readonly SteadyUser["name"][] = EVERYBODY): (() => Promise<SentRequests>) =>
  startUsers(used.cluster, { address, host: HOST, grpcHost: GRPC_HOST }, names);

const told = ({ counts, wrong }: SentRequests): string =>
  `${Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ")}; ${wrong.length} failed`;

async function expectNoFailure(name: string, act: () => void | Promise<void>): Promise<void> {
  // The first test may come before the first answer.
  await expect.poll(versionServed, { timeout: 20_000 }).toMatch(/^v\d$/);
  const stop = users();
  await act();
  const sent = await stop();
  tell(`${name}: ${told(sent)}`);
  expect(sent.wrong).toEqual([]);
  expect(Object.keys(sent.counts).sort()).toEqual([...EVERYBODY].sort());
  expect(sent.counts.http1).toBeGreaterThan(ENOUGH);
}

/** What the backend was asked with, so that a change is known to have arrived. */
const versionServed = (): string => {
  const { output } = used.cluster.run("curl", ["-s", "-m", "5", "-H", `host: ${HOST}`, `http://${address}/`]);
  return /"X-Version":\s*\[\s*"(\w+)"/i.exec(output)?.[1] ?? output;
};

async function change(version: string): Promise<void> {
  apply(routeWith(version));
  await expect.poll(versionServed, { timeout: 20_000 }).toBe(version);
}

const ENVOYS = "gateway.networking.k8s.io/gateway-name=web";

const podsOf = (space: string, selector: string): readonly string[] =>
  kubectl("-n", space, "get", "pods", "-l", selector, "-o", "name").trim().split("\n");

/** Makes other pods of a Deployment, and waits until the old ones are gone. */
function roll(space: string, deployment: string, selector: string): void {
  const old = podsOf(space, selector);
  kubectl("-n", space, "rollout", "restart", `deployment/${deployment}`);
  kubectl("-n", space, "rollout", "status", `deployment/${deployment}`, "--timeout=90s");
  kubectl("-n", space, "wait", "--for=delete", ...old, "--timeout=90s");
}

const leader = (): string =>
  kubectl("-n", "trilith-system", "get", "lease/trilith", "-o", "jsonpath={.spec.holderIdentity}");

describe.skipIf(!inject("canRunCluster"))("no request fails", { timeout: 300_000 }, () => {
  test("while a Gateway's Envoys are rolled", async () => {
    await expectNoFailure("Envoys rolled", () => roll("shop", "web-trilith", ENVOYS));
  });

  test("while the leading replica is killed, the others are rolled, and routes change", async () => {
    await expectNoFailure("controller killed and rolled", async () => {
      await change("v2");
      kubectl("-n", "trilith-system", "delete", "pod", leader(), "--force", "--grace-period=0");
      await change("v3");
      roll("trilith-system", "trilith", "app.kubernetes.io/name=trilith");
      await change("v4");
    });
  });

  test("while the API server is killed and starts again", async () => {
    await expectNoFailure("API server restarted", async () => {
      await used.cluster.restartApiServer();
      await change("v5");
    });
  });

  test("while backends are scaled and rolled, and none does that asks them without a gateway", async () => {
    const stopControl = startUsers(used.cluster, { address: serviceAddress, host: HOST }, ["http1-new"]);
    const scale = (replicas: number): void => {
      kubectl("-n", "shop", "scale", "deployment/backend", `--replicas=${replicas}`);
      kubectl("-n", "shop", "rollout", "status", "deployment/backend", "--timeout=90s");
    };
    await expectNoFailure("backends scaled and rolled", async () => {
      scale(5);
      roll("shop", "backend", "app=backend");
      scale(1);
      await expect.poll(() => podsOf("shop", "app=backend").length, { timeout: 90_000, interval: 500 }).toBe(1);
      roll("shop", "grpc", "app=grpc");
    });
    tell(`without a gateway: ${told(await stopControl())}`);
  });

  test("unless an Envoy is killed without notice: the senders see that", async () => {
    const stop = users();
    kubectl("-n", "shop", "delete", ...podsOf("shop", ENVOYS), "--force", "--grace-period=0");
    kubectl("-n", "shop", "rollout", "status", "deployment/web-trilith", "--timeout=90s");
    await expect.poll(versionServed, { timeout: 20_000 }).toMatch(/^v\d$/);
    const sent = await stop();
    tell(`Envoy killed: ${told(sent)}`);
    expect(sent.wrong).not.toEqual([]);
  });
});

describe.skipIf(!inject("canRunCluster"))("a Gateway that asks for several addresses", { timeout: 120_000 }, () => {
  const [first, second, elsewhere] = ["10.99.0.210", "10.99.0.211", "192.0.2.1"];
  const several = (...values: readonly string[]): object => ({
    ...gateway,
    metadata: { name: "several", namespace: "shop" },
    spec: { ...gateway.spec, addresses: values.map((value) => ({ type: "IPAddress", value })) },
  });
  const seen = (): unknown => {
    const { status } = JSON.parse(kubectl("-n", "shop", "get", "gateway/several", "-o", "json")) as {
      readonly status: {
        readonly addresses?: readonly { readonly value: string }[];
        readonly conditions: readonly { readonly type: string; readonly reason: string }[];
      };
    };
    const programmed = status.conditions.find(({ type }) => type === "Programmed");
    return [programmed?.reason, (status.addresses ?? []).map(({ value }) => value)];
  };

  test("answers at all that it can have, is told of the other one, and is programmed without it", async () => {
    apply(several(first, elsewhere, second));
    await expect.poll(seen, { timeout: 60_000 }).toEqual(["AddressNotUsable", [first, second]]);
    apply(several(first, second));
    await expect.poll(seen, { timeout: 60_000 }).toEqual(["Programmed", [first, second]]);
    const answerOf = (address: string): string =>
      used.cluster.run("curl", ["-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", `http://${address}/`]).output;
    for (const address of [first, second]) await expect.poll(() => answerOf(address), { timeout: 20_000 }).toBe("404");
  });
});
