/**
 * The mesh where nodes redirect, in a namespace that enforces the pod security standard `restricted`: who joins, with what identity, and
 * what becomes of pods while the agent of their node is away, is replaced, or cannot do what they ask for.
 */
import { describe, expect, inject, test } from "vitest";
import {
  clientOf,
  countStatuses,
  type EchoWishes,
  echoPod,
  echoWithAccount,
  namespaceObject,
  statusOf,
} from "./echo-workload.ts";
import { ECHO_ADVANCED_IMAGE } from "./images.ts";
import { accessPolicy, echoService, fromAccount, httpRoute, ofAccount, serviceParent } from "./mesh-objects.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const used = useTrilithCluster(
  ({ apply, untilRolledOut }) => {
    apply(
      namespaceObject("strict", { "trilith.dev/mesh": "enabled", "pod-security.kubernetes.io/enforce": "restricted" }),
      namespaceObject("plain"),
    );
    apply(
      ...["cart", "friend", "stranger"].flatMap((name) => echoWithAccount("strict", name, restricted)),
      ...echoWithAccount("plain", "outsider"),
      cart,
      cartRoute,
      onlyFriends,
    );
    untilRolledOut(
      ["trilith-node", "daemonset/trilith-node"],
      ["strict", "deployment/cart"],
      ["strict", "deployment/friend"],
      ["strict", "deployment/stranger"],
      ["plain", "deployment/outsider"],
    );
  },
  { options: ["--redirection=Node"] },
);
const { kubectl, apply } = used;

const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
/** What the standard asks of every pod. */
const restricted = {
  pod: { securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } } },
  container: { securityContext: confined, readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 } },
} as const satisfies EchoWishes;

const cart = echoService("strict", "cart", [{ port: 80, targetPort: 8080 }]);
/** By which callers know that it is HTTP, and hear of a refusal. */
const cartRoute = httpRoute("strict", "cart", [serviceParent("cart")], "cart");
/** Only who has proved to be one is let in: so whoever is has sent through a sidecar, and has come in through one. */
const onlyFriends = accessPolicy("strict", "only-friends", {
  ...ofAccount("cart"),
  rules: [{ sources: [fromAccount("strict", "friend")] }],
});

/** The status, or `failed` without an answer. */
function answerTo(space: string, caller: string): string {
  const { output } = used.cluster.kubectl(clientOf(space, caller, "--timeout=3s", "http://cart.strict/"));
  return statusOf(output) ?? "failed";
}

/** Of a pod with the name, and of each of its containers, what the path has. */
const podOf = (space: string, name: string, path: string): string =>
  kubectl("-n", space, "get", "pods", "-l", `name=${name}`, "-o", `jsonpath={.items[0]${path}}`);

/** About a pod with the name. */
function eventsOf(space: string, name: string): string {
  const pod = `involvedObject.name=${podOf(space, name, ".metadata.name")}`;
  const path = "{range .items[*]}{.reason}: {.message}{'\\n'}{end}";
  return kubectl("-n", space, "get", "events", "--field-selector", pod, "-o", `jsonpath=${path}`);
}

const echoContainer = (name: string, more: object): object => ({
  name,
  image: ECHO_ADVANCED_IMAGE,
  imagePullPolicy: "Never",
  ...more,
});

const agents = (...args: readonly string[]): string => kubectl("-n", "trilith-node", ...args);

function sendAgentsAway(isAway: boolean): void {
  const nodeSelector = { "test/nowhere": isAway ? "yes" : null };
  agents("patch", "daemonset/trilith-node", "-p", JSON.stringify({ spec: { template: { spec: { nodeSelector } } } }));
}

const agentPods = (): string => agents("get", "pods", "-o", "jsonpath={.items[*].metadata.name}");

/** What the agent counts, by name and labels. */
function counted(line: string): number {
  const path = `/api/v1/namespaces/trilith-node/pods/${agentPods()}:19000/proxy/metrics`;
  const found = kubectl("get", "--raw", path)
    .split("\n")
    .find((text) => text.startsWith(`${line} `));
  return Number(found?.split(" ").at(-1));
}

/** Ends the first process of a pod, whose network goes with it. */
function endSandbox(space: string, name: string): void {
  const pod = podOf(space, name, ".metadata.name");
  const ctr = (...args: readonly string[]): string =>
    used.cluster.run("ctr", ["-a", "/var/tmp/trilith-test-cluster/containerd.sock", "-n", "k8s.io", ...args]).output;
  const ofPod = `labels."io.kubernetes.pod.name"==${pod},labels."io.cri-containerd.kind"==sandbox`;
  ctr("tasks", "kill", "-s", "KILL", ctr("containers", "list", "-q", ofPod).trim());
}

describe.skipIf(!inject("canRunCluster"))("where nodes redirect", { timeout: 180_000 }, () => {
  test("pods of a namespace for restricted pods have a sidecar, which would have been refused with a capability", () => {
    const names = ["{.spec.initContainers[*].name}", "{.spec.containers[*].name}"].map((path) =>
      podOf("strict", "cart", path.slice(1, -1)),
    );
    const container = { securityContext: { ...confined, capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } } };
    const asking = { apiVersion: "v1", kind: "Pod", ...echoPod("asking", { ...restricted, container }) };
    const pod = { ...asking, metadata: { name: "asking", namespace: "strict" } };
    expect(names).toEqual(["trilith-proxy", "echo"]);
    expect(() => apply(pod)).toThrow('violates PodSecurity "restricted');
    expect(counted('trilith_node_pods{state="redirected"}')).toBe(3);
  });

  test("a workload is called by who has the identity for it, and by nobody else, in the mesh or outside", async () => {
    const answers = (): string[] => [
      answerTo("strict", "friend"),
      answerTo("strict", "stranger"),
      answerTo("plain", "outsider"),
    ];
    // Kubernetes puts a Service off for some seconds, each time for twice as many, when it finds itself behind with its endpoints.
    await expect.poll(answers, { timeout: 60_000 }).toEqual(["200", "403", "failed"]);
  });

  test("no call fails while the agent is replaced, and what is redirected stays so while there is none", async () => {
    const calls = used.cluster.kubectlBeside(
      clientOf("strict", "friend", "--count=600", "--qps=40", "--timeout=60s", "http://cart/"),
    );
    agents("rollout", "restart", "daemonset/trilith-node");
    agents("rollout", "status", "daemonset/trilith-node", "--timeout=60s");
    await expect.poll(() => counted("trilith_node_redirections_total"), { timeout: 20_000 }).toBe(3);
    expect(countStatuses((await calls).output)).toEqual({ 200: 600 });
  });

  test("no container of a pod starts while the agent is away, and the kubelet says what it waits for", async () => {
    sendAgentsAway(true);
    await expect.poll(agentPods, { timeout: 60_000 }).toBe("");
    expect(answerTo("strict", "friend")).toBe("200");
    // Its own init container calls, and ends well only with the identity of its pod.
    const command = ["client", "--timeout=3s", "http://cart/"];
    const calling = echoContainer("calling", { command, securityContext: confined });
    const pod = { ...restricted.pod, serviceAccountName: "friend", initContainers: [calling] };
    apply(...echoWithAccount("strict", "late", { ...restricted, pod }));
    await expect
      .poll(() => eventsOf("strict", "late"), { timeout: 60_000 })
      .toMatch(/Startup probe failed: .*waits-for=trilith-node.*connection refused/);
    const statuses = "[*].state.waiting.reason";
    expect([
      podOf("strict", "late", ".status.initContainerStatuses[*].started"),
      podOf("strict", "late", `.status.initContainerStatuses${statuses}`),
      podOf("strict", "late", `.status.containerStatuses${statuses}`),
    ]).toEqual(["false false", "PodInitializing", "PodInitializing"]);
    sendAgentsAway(false);
    used.untilRolledOut(["strict", "deployment/late"]);
  });

  test("a pod whose network is made anew is redirected again before its workload starts", async () => {
    const before = podOf("strict", "cart", ".status.podIP");
    endSandbox("strict", "cart");
    await expect.poll(() => podOf("strict", "cart", ".status.podIP"), { timeout: 60_000 }).not.toBe(before);
    kubectl("-n", "strict", "wait", "--for=condition=Ready", "pod", "-l", "name=cart", "--timeout=60s");
    await expect.poll(() => answerTo("strict", "friend"), { timeout: 30_000 }).toBe("200");
    expect(answerTo("plain", "outsider")).toBe("failed");
  });

  test("a pod that asks for what is not understood gets nothing, and is told", async () => {
    const asking = echoContainer("trilith-proxy", {
      restartPolicy: "Always",
      args: ["--port=15020", "--metrics=15099"],
      env: [{ name: "TRILITH_CAPTURE", value: '{"rules":"flush ruleset"}' }],
    });
    const labels = { "trilith.dev/sidecar": "envoy" };
    apply(...echoWithAccount("plain", "liar", { labels, pod: { initContainers: [asking] } }));
    await expect
      .poll(() => eventsOf("plain", "liar"), { timeout: 30_000 })
      .toMatch(/RedirectionFailed: .*TRILITH_CAPTURE of the sidecar is not as this version/);
    expect(counted('trilith_node_pods{state="failing"}')).toBe(1);
  });
});
