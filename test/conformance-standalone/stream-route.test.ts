/** Official tests of TCPRoute and UDPRoute. */
import { expect } from "vitest";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { expectNoPod, expectPod, isShareOf, podCounts, podOfDatagram, podOfLine } from "./stream-exchange.ts";
import { expectAccepted, expectListeners, expectParents, expectRouteConditions } from "./summaries.ts";

const infra = "gateway-conformance-infra";
const replay = officialTests();

/** Which pod answers at the port. */
type Probe = (address: string, port: number) => Promise<string>;

const line: Probe = (address, port) => podOfLine(address, port);
const datagram: Probe = podOfDatagram;

async function expectWeights(world: OfficialWorld, probe: Probe, protocol: "tcp" | "udp"): Promise<void> {
  const gateway = `${protocol}-weighted-gateway`;
  await expectAccepted(world, gateway, `${protocol.toUpperCase()}Route ${protocol}-weighted-route`);
  const port = protocol === "tcp" ? 9300 : 5300;
  const counts = await podCounts(() => probe(world.addressOf(gateway), port), 500);
  const pod = (version: number): string => `${infra}/${protocol}-backend-v${version}`;
  expect(counts.get(pod(1))).toSatisfy(isShareOf(500, 0.7));
  expect(counts.get(pod(2))).toSatisfy(isShareOf(500, 0.3));
  expect([...counts.keys()].toSorted()).toEqual([pod(1), pod(2)]);
}

/** Of two routes at one listener the older one is served, though both are accepted and counted. */
async function expectOldest(
  world: OfficialWorld,
  probe: Probe,
  protocol: "tcp" | "udp",
  port: number,
  backendPort: number,
): Promise<void> {
  const [gateway, kind] = [`${protocol}-multi-route-attach-gateway`, `${protocol.toUpperCase()}Route`];
  const [older, newer] = [`${protocol}route-attach-older`, `${protocol}route-attach-newer`];
  const rules = [{ backendRefs: [{ name: `${protocol}-attach-backend-2`, port: backendPort }] }];
  const spec = { parentRefs: [{ name: gateway, sectionName: protocol }], rules };
  await expectAccepted(world, gateway, `${kind} ${older}`);
  await world.apply({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { name: newer, namespace: infra },
    spec,
  });
  await expectAccepted(world, gateway, `${kind} ${older}`, `${kind} ${newer}`);
  await expectListeners(world, `Gateway ${gateway}`, {
    [protocol]: { attached: 2, kinds: [kind], conditions: { Accepted: "True Accepted" } },
  });
  const counts = await podCounts(() => probe(world.addressOf(gateway), port), 100);
  expect(counts).toEqual(new Map([[`${infra}/${protocol}-attach-backend-1`, 100]]));
  await world.remove(`${kind} ${older}`);
  await expectPod(world, () => probe(world.addressOf(gateway), port), `${infra}/${protocol}-attach-backend-2`);
}

replay("TCPRouteInvalidBackendRefNonexistent", ["tcproute-invalid-backendref-nonexistent"], async (world) => {
  await expectRouteConditions(world, "TCPRoute tcp-route-invalid-backend-ref-nonexistent", {
    ResolvedRefs: "False BackendNotFound",
  });
});

replay("TCPRouteInvalidCrossNamespaceBackendRef", ["tcproute-invalid-cross-namespace-backend-ref"], async (world) => {
  const route = "TCPRoute tcp-invalid-cross-namespace-backend-ref";
  const gateway = "tcp-invalid-cross-namespace-backend-ref-gateway";
  await expectAccepted(world, gateway, route);
  await expectRouteConditions(world, route, { ResolvedRefs: "False RefNotPermitted" });
  await expectNoPod(world, () => line(world.addressOf(gateway), 9321));
});

replay("TCPRouteInvalidNonTCPListener", ["tcproute-invalid-non-tcp-listener"], async (world) => {
  await expectParents(world, "TCPRoute tcp-route", {
    "tcp-mixed-protocol-gateway#only-allow-http-routes": { Accepted: "False NotAllowedByListeners" },
  });
  await expectListeners(world, "Gateway tcp-mixed-protocol-gateway", { "only-allow-http-routes": { attached: 0 } });
});

replay("TCPRouteMultipleRoutesAttachment", ["tcproute-multiple-routes-attachment"], async (world) => {
  await expectOldest(world, line, "tcp", 9310, 3000);
});

replay("TCPRouteParentRefAttachAll", ["tcproute-parentref-attach-all"], async (world) => {
  const gateway = "tcp-attach-all-gateway";
  await expectParents(world, "TCPRoute tcp-route-attach-all", { [gateway]: { Accepted: "True Accepted" } });
  for (const port of [9310, 9311, 9312, 9313])
    await expectPod(world, () => line(world.addressOf(gateway), port), `${infra}/tcp-echo-attach-all`);
});

replay("TCPRouteParentRefPortAndSectionName", ["tcproute-parentref-port-and-section-name"], async (world) => {
  const gateway = "tcp-multi-listener-gateway";
  const accepted = { Accepted: "True Accepted" };
  await expectParents(world, "TCPRoute tcp-route-by-port", { [`${gateway}:9300`]: accepted });
  await expectParents(world, "TCPRoute tcp-route-by-section", { [`${gateway}#two`]: accepted });
  await expectParents(world, "TCPRoute tcp-route-by-section-and-port", { [`${gateway}#three:9302`]: accepted });
  for (const [port, name] of [
    [9300, "one"],
    [9301, "two"],
    [9302, "three"],
  ] as const)
    await expectPod(world, () => line(world.addressOf(gateway), port), `${infra}/tcp-echo-${name}`);
});

replay("TCPRouteReferenceGrant", ["tcproute-reference-grant"], async (world) => {
  const gateway = "tcp-reference-grant-gateway";
  await expectAccepted(world, gateway, "TCPRoute tcp-reference-grant");
  const pod = "gateway-conformance-web-backend/tcp-reference-grant-backend";
  await expectPod(world, () => line(world.addressOf(gateway), 9320), pod);
  await world.remove("ReferenceGrant web/tcp-reference-grant");
  await expectRouteConditions(world, "TCPRoute tcp-reference-grant", { ResolvedRefs: "False RefNotPermitted" });
  await expectNoPod(world, () => line(world.addressOf(gateway), 9320));
});

replay("TCPRouteWeightedRouting", ["tcproute-weighted-routing"], async (world) => {
  await expectWeights(world, line, "tcp");
});

replay("UDPRoute", ["udproute-simple"], async (world) => {
  await expectAccepted(world, "udp-gateway", "UDPRoute udp-route");
  await expectPod(world, () => datagram(world.addressOf("udp-gateway"), 5300), `${infra}/udp-echo`);
});

replay("UDPRouteInvalidBackendRefNonexistent", ["udproute-invalid-backendref-nonexistent"], async (world) => {
  await expectRouteConditions(world, "UDPRoute udp-route-invalid-backend-ref-nonexistent", {
    ResolvedRefs: "False BackendNotFound",
  });
});

replay("UDPRouteInvalidCrossNamespaceBackendRef", ["udproute-invalid-cross-namespace-backend-ref"], async (world) => {
  const route = "UDPRoute udp-route-invalid-cross-namespace-backend-ref";
  await expectAccepted(world, "udp-gateway-invalid-cross-namespace-backend-ref", route);
  await expectRouteConditions(world, route, { ResolvedRefs: "False RefNotPermitted" });
});

replay("UDPRouteMultipleRoutesAttachment", ["udproute-multiple-routes-attachment"], async (world) => {
  await expectOldest(world, datagram, "udp", 5301, 8080);
});

replay("UDPRouteNotAllowedByListeners", ["udproute-not-allowed-by-listeners"], async (world) => {
  await expectParents(world, "UDPRoute udproute-not-allowed-by-listeners", {
    "udproute-tls-only-gateway#tls": { Accepted: "False NotAllowedByListeners" },
  });
  await expectListeners(world, "Gateway udproute-tls-only-gateway", { tls: { attached: 0 } });
});

replay("UDPRouteParentRefAttachAllListeners", ["udproute-parentref-attach-all-listeners"], async (world) => {
  const gateway = "udp-attach-all-listeners-gateway";
  await expectParents(world, "UDPRoute udp-route-attach-all", { [gateway]: { Accepted: "True Accepted" } });
  const listener = { attached: 1, kinds: ["UDPRoute"], conditions: { Accepted: "True", ResolvedRefs: "True" } };
  await expectListeners(world, `Gateway ${gateway}`, { "udp-1": listener, "udp-2": listener, "udp-3": listener });
  for (const port of [5310, 5311, 5312])
    await expectPod(world, () => datagram(world.addressOf(gateway), port), `${infra}/udp-echo-attach-all`);
});

replay("UDPRouteParentRefPortAndSectionName", ["udproute-parentref-port-and-section-name"], async (world) => {
  const gateway = "udp-multi-listener-gateway";
  const accepted = { Accepted: "True Accepted" };
  await expectParents(world, "UDPRoute udp-route-by-port", { [`${gateway}:5300`]: accepted });
  await expectParents(world, "UDPRoute udp-route-by-section", { [`${gateway}#by-section`]: accepted });
  await expectParents(world, "UDPRoute udp-route-by-section-and-port", {
    [`${gateway}#by-section-and-port:5302`]: accepted,
  });
  for (const [port, name] of [
    [5300, "by-port"],
    [5301, "by-section"],
    [5302, "by-section-and-port"],
  ] as const)
    await expectPod(world, () => datagram(world.addressOf(gateway), port), `${infra}/udp-echo-${name}`);
});

replay("UDPRouteReferenceGrant", ["udproute-reference-grant"], async (world) => {
  const gateway = "udp-gateway-reference-grant";
  await expectAccepted(world, gateway, "UDPRoute udp-route-reference-grant");
  await expectRouteConditions(world, "UDPRoute udp-route-reference-grant", { ResolvedRefs: "True ResolvedRefs" });
  const pod = "gateway-conformance-app-backend/udp-echo-reference-grant";
  await expectPod(world, () => datagram(world.addressOf(gateway), 5300), pod);
  await world.remove("ReferenceGrant app/udp-reference-grant");
  await expectRouteConditions(world, "UDPRoute udp-route-reference-grant", { ResolvedRefs: "False RefNotPermitted" });
  await expectNoPod(world, () => datagram(world.addressOf(gateway), 5300));
});

replay("UDPRouteWeightedRouting", ["udproute-weighted-routing"], async (world) => {
  await expectWeights(world, datagram, "udp");
});
