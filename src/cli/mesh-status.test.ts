import { expect, test } from "vitest";
import { meshProxies, type ProxiesAnswer } from "./mesh-status.ts";

const sidecar = (node: string, behind: number): ProxiesAnswer["connected"][number] => ({
  proxy: "mesh/shop/cart",
  role: "sidecar",
  node,
  behind,
  identityUntil: "2026-11-30T00:00:00.000Z",
});
const members = ["cart-1", "cart-2", "cart-3"].map((name) => ({ pod: `shop/${name}`, proxy: "mesh/shop/cart" }));
const answers = [
  { replica: "trilith-1", answer: { connected: [sidecar("cart-1", 0)], members } },
  {
    replica: "trilith-2",
    answer: {
      connected: [sidecar("cart-2", 3), { proxy: "edge/web", role: "gateway", node: "web-trilith-x", behind: 0 }],
      members,
    },
  },
] as const;

test("each proxy is told with the replica that has it, and those that no replica has are told, too", () => {
  const told = meshProxies(answers, undefined).map(
    ({ role, proxy, pod, state, behind, replica }) => `${role} ${proxy} ${pod} ${state} ${behind} ${replica}`,
  );
  expect(told).toEqual([
    "gateway edge/web edge/web-trilith-x in sync 0 trilith-2",
    "sidecar mesh/shop/cart shop/cart-1 in sync 0 trilith-1",
    "sidecar mesh/shop/cart shop/cart-2 lagging 3 trilith-2",
    "sidecar mesh/shop/cart shop/cart-3 not connected undefined undefined",
  ]);
});

test("a namespace can be looked at alone", () => {
  expect(meshProxies(answers, "edge").map(({ pod }) => pod)).toEqual(["edge/web-trilith-x"]);
});
