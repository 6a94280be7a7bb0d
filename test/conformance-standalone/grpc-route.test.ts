/** Official tests of GRPCRoute. */
import { expect } from "vitest";
import { callEcho, type EchoCall } from "./grpc-exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { isShareOf, podCounts } from "./stream-exchange.ts";
import { expectAccepted, expectParents } from "./summaries.ts";

const [v1, v2, v3] = ["grpc-infra-backend-v1", "grpc-infra-backend-v2", "grpc-infra-backend-v3"] as const;
const infra = "gateway-conformance-infra";
const UNIMPLEMENTED = 12;
const replay = officialTests();

/** Each call, and the pod that answers it; or nobody, and the status says so. */
async function expectCalls(
  world: OfficialWorld,
  gateway: string,
  calls: readonly (readonly [call: EchoCall, answer: string | number])[],
): Promise<void> {
  for (const [call, answer] of calls)
    await world.eventually(async () => {
      const expected = typeof answer === "number" ? { status: answer } : { status: 0, pod: answer };
      expect({ call, ...(await callEcho(world, gateway, call)) }).toMatchObject({ call, ...expected });
    });
}

replay("GRPCExactMethodMatching", ["grpcroute-exact-method-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "GRPCRoute exact-matching");
  await expectCalls(world, "same-namespace", [
    [{ method: "Echo" }, v1],
    [{ method: "EchoTwo" }, v2],
    [{ method: "EchoThree" }, UNIMPLEMENTED],
  ]);
});

replay("GRPCRouteNamedRule", ["grpcroute-named-rule"], async (world) => {
  await expectAccepted(world, "same-namespace", "GRPCRoute grpc-named-rules");
  await expectCalls(world, "same-namespace", [
    [{ method: "Echo" }, v1],
    [{ method: "EchoTwo" }, v2],
  ]);
});

replay("GRPCRouteHeaderMatching", ["grpcroute-header-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "GRPCRoute grpc-header-matching");
  await expectCalls(world, "same-namespace", [
    [{ metadata: { version: "one" } }, v1],
    [{ metadata: { version: "two" } }, v2],
    [{ metadata: { version: "two", color: "orange" } }, v1],
    [{ metadata: { version: "two", color: "blue" } }, v2],
    [{ metadata: { color: "orange" } }, UNIMPLEMENTED],
    [{ metadata: { "some-other-header": "one" } }, UNIMPLEMENTED],
    [{ metadata: { color: "blue" } }, v1],
    [{ metadata: { color: "green" } }, v1],
    [{ metadata: { color: "red" } }, v2],
    [{ metadata: { color: "yellow" } }, v2],
    [{ metadata: { color: "purple" } }, UNIMPLEMENTED],
  ]);
});

replay("GRPCRouteListenerHostnameMatching", ["grpcroute-listener-hostname-matching"], async (world) => {
  const gateway = "grpcroute-listener-hostname-matching";
  const parent = (section: string): string => `${infra}/${gateway}#${section}`;
  const accepted = { Accepted: "True Accepted" };
  await expectAccepted(world, gateway);
  await expectParents(world, "GRPCRoute backend-v1", { [parent("listener-1")]: accepted });
  await expectParents(world, "GRPCRoute backend-v2", { [parent("listener-2")]: accepted });
  await expectParents(world, "GRPCRoute backend-v3", {
    [parent("listener-3")]: accepted,
    [parent("listener-4")]: accepted,
  });
  const hosts = {
    "bar.com": v1,
    "foo.bar.com": v2,
    "baz.bar.com": v3,
    "boo.bar.com": v3,
    "multiple.prefixes.bar.com": v3,
    "multiple.prefixes.foo.com": v3,
    "foo.com": UNIMPLEMENTED,
    "no.matching.host": UNIMPLEMENTED,
  };
  await expectCalls(
    world,
    gateway,
    Object.entries(hosts).map(([authority, answer]) => [{ authority }, answer]),
  );
});

replay("GRPCRouteMultipleGateways", ["grpcroute-multiple-gateways"], async (world) => {
  await expectAccepted(
    world,
    "same-namespace",
    "GRPCRoute multiple-gateways-shared-route",
    "GRPCRoute same-namespace-dedicated-route",
  );
  await expectAccepted(world, "all-namespaces", "GRPCRoute all-namespaces-dedicated-route");
  await expectCalls(world, "same-namespace", [
    [{ method: "Echo" }, v1],
    [{ method: "EchoTwo" }, v2],
  ]);
  await expectCalls(world, "all-namespaces", [
    [{ method: "Echo" }, v1],
    [{ method: "EchoTwo" }, v3],
  ]);
});

replay(
  "GRPCRouteMultipleRoutesAttachmentSameHostnameIntersection",
  ["grpcroute-multiple-routes-attachment-same-hostname-intersection"],
  async (world) => {
    const authority = "abc.example.com";
    for (const [gateway, hostname] of [
      ["gw-grpcroute-exact-hostname-x", authority],
      ["gw-grpcroute-wc-hostname-x", "*.example.com"],
    ] as const) {
      await expectCalls(world, gateway, [[{ authority }, v1]]);
      const rules = [{ backendRefs: [{ name: v2, port: 8080 }] }];
      const spec = { parentRefs: [{ name: gateway }], hostnames: [hostname], rules };
      const metadata = { name: `newer-${gateway}`, namespace: infra };
      await world.apply({ apiVersion: "gateway.networking.k8s.io/v1", kind: "GRPCRoute", metadata, spec });
      await expectAccepted(world, gateway, `GRPCRoute newer-${gateway}`);
      await expectCalls(world, gateway, [[{ authority }, v2]]);
    }
  },
);

// Of several rules with the same match the first one's filters apply, and no other's.
replay("GRPCRouteRequestHeaderModifier", ["grpcroute-request-header-modifier"], async (world) => {
  await expectAccepted(world, "same-namespace", "GRPCRoute grpc-request-header-modifier");
  const seen = async (call: EchoCall): Promise<readonly string[]> =>
    (await callEcho(world, "same-namespace", call)).metadata
      ?.filter((line) => /^(x-header|some)-/.test(line))
      .toSorted() ?? [];
  const other = { "some-other-header": "kept" };
  const set = "x-header-set: set-overwrites-values";
  await world.eventually(async () => expect(await seen({ metadata: other })).toEqual(["some-other-header: kept", set]));
  expect(
    await seen({ metadata: { "x-header-set": "mine", "x-header-add": "mine", "x-header-remove": "mine" } }),
  ).toEqual(["x-header-add: mine", "x-header-remove: mine", set]);
  const metadata = { ...other, "x-header-set-2": "mine", "x-header-add-2": "mine", "x-header-remove-2": "mine" };
  expect(await seen({ method: "EchoTwo", metadata })).toEqual([
    "some-other-header: kept",
    "x-header-add-1: header-add-1",
    "x-header-add-2: mine, header-add-2",
    "x-header-set-1: header-set-1",
    "x-header-set-2: header-set-2",
  ]);
});

replay("GRPCRouteWeight", ["grpcroute-weight"], async (world) => {
  await expectAccepted(world, "same-namespace", "GRPCRoute weighted-backends");
  const counts = await podCounts(async () => (await callEcho(world, "same-namespace")).pod ?? "", 500);
  expect(counts.get(v1)).toSatisfy(isShareOf(500, 0.7));
  expect(counts.get(v2)).toSatisfy(isShareOf(500, 0.3));
  expect([...counts.keys()].toSorted()).toEqual([v1, v2]);
});
