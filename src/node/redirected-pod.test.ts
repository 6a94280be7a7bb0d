import { expect, test } from "vitest";
import { captureText } from "../mesh/index.ts";
import { redirectedPodOf, type SentPod } from "./redirected-pod.ts";

const capture = { excludedInboundPorts: [9090], excludedOutboundPorts: [], excludedOutboundNetworks: [] };
const sidecar = { name: "trilith-proxy", env: [{ name: "TRILITH_CAPTURE", value: captureText(capture) }] };
const metadata = { namespace: "shop", name: "cart-1", uid: "u", resourceVersion: "7" };
const running = { name: "trilith-proxy", containerID: "containerd://a", state: { running: {} } };

type Part<Name extends "spec" | "status"> = NonNullable<SentPod[Name]>;

const pod = (spec: Part<"spec">, status: Part<"status"> = {}): SentPod => ({ metadata, spec, status });

const read = {
  key: "shop/cart-1",
  namespace: "shop",
  name: "cart-1",
  uid: "u",
  resourceVersion: "7",
  capture,
  addresses: [],
  sidecar: undefined,
};

test("a pod tells what it asks for, and its status where it is", () => {
  const status = { podIPs: [{ ip: "10.0.0.7" }, { ip: "fd00::7" }], initContainerStatuses: [running] };
  expect(redirectedPodOf(pod({ initContainers: [sidecar] }, status))).toEqual({
    ...read,
    addresses: ["10.0.0.7", "fd00::7"],
    sidecar: "containerd://a",
  });
});

test.each([
  ["has not begun", {}],
  ["has ended", { phase: "Succeeded", podIPs: [{ ip: "10.0.0.7" }], initContainerStatuses: [running] }],
  ["has a sidecar that waits", { initContainerStatuses: [{ ...running, state: {} }] }],
])("a pod that %s is nowhere yet, or any longer", (_, status) => {
  expect(redirectedPodOf(pod({ initContainers: [sidecar] }, status))).toEqual(read);
});

test.each<[string, Part<"spec">]>([
  ["has no sidecar", {}],
  ["has the redirection by a container of its own", { initContainers: [{ name: "trilith-proxy", env: [] }] }],
  ["asks with another container", { initContainers: [{ ...sidecar, name: "mine" }] }],
  ["is on the node's network", { hostNetwork: true, initContainers: [sidecar] }],
])("a pod that %s is not redirected by its node", (_, spec) => {
  expect(redirectedPodOf(pod(spec))).toBeUndefined();
});
