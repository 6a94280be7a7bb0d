/** Official tests of TLSRoute. */
import type { ConnectionOptions } from "node:tls";
import { expect } from "vitest";
import { expectAnswers } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { expectPod, podOfLine } from "./stream-exchange.ts";
import { expectAccepted, expectListeners, expectParents, expectRouteConditions } from "./summaries.ts";

const infra = "gateway-conformance-infra";
const resolved = { ResolvedRefs: "True ResolvedRefs" };
const replay = officialTests();

function trusting(world: OfficialWorld, servername: string): ConnectionOptions {
  return { servername, ca: world.certificates.authorities.get(`${infra}/tls-checks-ca-certificate`) ?? "" };
}

async function expectBackends(
  world: OfficialWorld,
  gateway: string,
  backends: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [host, backend] of Object.entries(backends))
    await expectAnswers(world, gateway, [
      [
        { host, tls: trusting(world, host) },
        { backend, sees: { serverName: host } },
      ],
    ]);
}

/** Nothing can be agreed upon: the connection is closed at the latest before a line comes back. */
async function expectRejected(world: OfficialWorld, gateway: string, servername: string): Promise<void> {
  const connection = podOfLine(world.addressOf(gateway), 443, { servername, rejectUnauthorized: false });
  await expect(connection).rejects.toThrow();
}

replay("TLSRouteSimpleSameNamespace", ["tlsroute-simple-same-namespace"], async (world) => {
  await expectAccepted(world, "gateway-tlsroute", "TLSRoute gateway-conformance-infra-test");
  const tls = trusting(world, "abc.example.com");
  await expectPod(world, () => podOfLine(world.addressOf("gateway-tlsroute"), 443, tls), `${infra}/tcp-backend`);
});

replay("TLSRouteTerminateSimpleSameNamespace", ["tlsroute-terminate-simple-same-namespace"], async (world) => {
  const gateway = "gateway-tlsroute-terminate";
  await expectAccepted(world, gateway, "TLSRoute tlsroute-terminated-test");
  const tls = trusting(world, "tls.example.com");
  await expectPod(world, () => podOfLine(world.addressOf(gateway), 8443, tls), `${infra}/tcp-backend`);
});

replay("TLSRouteMixedTerminationSameNamespace", ["tlsroute-mixed-termination-same-namespace"], async (world) => {
  const gateway = "gateway-tlsroute-mixed-termination";
  const route = "TLSRoute gateway-conformance-mixed";
  await expectAccepted(world, gateway, `${route}-terminateroute`, `${route}-passthroughroute`);
  const listener = { attached: 1, kinds: ["TLSRoute"], conditions: { Accepted: "True Accepted" } };
  await expectListeners(world, `Gateway ${gateway}`, { "tls-terminate": listener, "tls-passthrough": listener });
  for (const host of ["tls.example.com", "abc.example.com"])
    await expectPod(
      world,
      () => podOfLine(world.addressOf(gateway), 8883, trusting(world, host)),
      `${infra}/tcp-backend`,
    );
});

replay("TLSRouteHostnameIntersection", ["tlsroute-hostname-intersection"], async (world) => {
  const [exact, other] = ["abc.example.com", "other.example.com"] as const;
  const scenarios = [
    [
      "gw-tlsroute-exact-hostname-x-1",
      ["more-specific-wc-hostname-x-1"],
      { [exact]: "tls-backend" },
      "non.matching.com",
    ],
    [
      "gw-tlsroute-more-specific-wc-hostname-x-2",
      ["exact-hostname-x-2", "less-specific-wc-hostname-x-2"],
      {},
      "non.matching.com",
    ],
    [
      "gw-tlsroute-less-specific-wc-hostname-x-3",
      ["exact-hostname-x-3", "more-specific-wc-hostname-x-3"],
      {},
      "non.matching.com",
    ],
    ["gw-tlsroute-empty-hostname-x-4", ["exact-hostname-x-4", "less-specific-wc-hostname-x-4"], {}, "non.matching.org"],
  ] as const;
  for (const [gateway, routes, backends, stranger] of scenarios) {
    const references = routes.map((name) => `TLSRoute tlsroute-${name}`);
    await expectAccepted(world, gateway, ...references);
    for (const route of references) await expectRouteConditions(world, route, resolved);
    const both = { [exact]: "tls-backend", [other]: "tls-backend-2" };
    await expectBackends(world, gateway, exact in backends ? backends : both);
    await expectRejected(world, gateway, stranger);
  }
});

replay(
  "TLSRouteMultipleRoutesAttachmentSameHostnameIntersection",
  ["tlsroute-multiple-routes-attachment-same-hostname-intersection"],
  async (world) => {
    for (const [gateway, hostname] of [
      ["gw-tlsroute-exact-hostname-x", "abc.example.com"],
      ["gw-tlsroute-wc-hostname-x", "*.example.com"],
    ] as const) {
      await expectBackends(world, gateway, { "abc.example.com": "tls-backend" });
      const rules = [{ backendRefs: [{ name: "tls-backend-2", port: 443 }] }];
      const spec = { parentRefs: [{ name: gateway }], hostnames: [hostname], rules };
      const metadata = { name: `newer-${gateway}`, namespace: infra };
      await world.apply({ apiVersion: "gateway.networking.k8s.io/v1", kind: "TLSRoute", metadata, spec });
      await expectAccepted(world, gateway, `TLSRoute newer-${gateway}`);
      await expectRouteConditions(world, `TLSRoute newer-${gateway}`, resolved);
      await expectBackends(world, gateway, { "abc.example.com": "tls-backend-2" });
    }
  },
);

replay("TLSRouteInvalidBackendRefNonexistent", ["tlsroute-invalid-backendref-nonexistent"], async (world) => {
  const gateway = "gateway-tlsroute-invalid-backend-ref-nonexistent";
  await expectAccepted(world, gateway, "TLSRoute invalid-backend-ref-nonexistent");
  await expectRouteConditions(world, "TLSRoute invalid-backend-ref-nonexistent", {
    ResolvedRefs: "False BackendNotFound",
  });
  await expectRejected(world, gateway, "example.com");
});

replay("TLSRouteInvalidBackendRefUnknownKind", ["tlsroute-invalid-backendref-unknown-kind"], async (world) => {
  const gateway = "gateway-tlsroute-invalid-backend-ref-unknown-kind";
  await expectAccepted(world, gateway, "TLSRoute invalid-backend-ref-unknown-kind");
  await expectRouteConditions(world, "TLSRoute invalid-backend-ref-unknown-kind", {
    ResolvedRefs: "False InvalidKind",
  });
  await expectRejected(world, gateway, "example.com");
});

replay("TLSRouteInvalidReferenceGrant", ["tlsroute-invalid-reference-grant"], async (world) => {
  await expectAccepted(world, "gateway-tlsroute-referencegrant", "TLSRoute gateway-conformance-infra-test");
  await expectRouteConditions(world, "TLSRoute gateway-conformance-infra-test", {
    ResolvedRefs: "False RefNotPermitted",
  });
});

replay("TLSRouteInvalidNoMatchingListener", ["tlsroute-invalid-no-matching-listener"], async (world) => {
  const refused = { Accepted: "False NotAllowedByListeners" };
  await expectParents(world, "TLSRoute tlsroute-not-allowed-protocol-http", { "gateway-tlsroute-http-only": refused });
  await expectParents(world, "TLSRoute tlsroute-not-allowed-protocol-https", {
    "gateway-tlsroute-https-only": refused,
  });
  await expectParents(world, "TLSRoute tlsroute-no-matching-section-name", {
    "gateway-tlsroute-tls-passthrough-only#nonexistent-listener": { Accepted: "False NoMatchingParent" },
  });
  await expectListeners(world, "Gateway gateway-tlsroute-http-only", { http: { attached: 0 } });
  await expectListeners(world, "Gateway gateway-tlsroute-https-only", { https: { attached: 0 } });
});

replay(
  "TLSRouteInvalidNoMatchingListenerHostname",
  ["tlsroute-invalid-no-matching-listener-hostname"],
  async (world) => {
    const refused = { Accepted: "False NoMatchingListenerHostname" };
    await expectParents(world, "TLSRoute tlsroute-hostname-mismatch-1", { "gateway-tls-exact-hostname": refused });
    await expectParents(world, "TLSRoute tlsroute-hostname-mismatch-2", { "gateway-tls-wildcard-hostname": refused });
    await expectListeners(world, "Gateway gateway-tls-exact-hostname", { tls: { attached: 0 } });
    await expectListeners(world, "Gateway gateway-tls-wildcard-hostname", { tls: { attached: 0 } });
  },
);

replay(
  "TLSRouteListenerPassthroughSupportedKinds",
  ["tlsroute-listener-passthrough-supported-kinds"],
  async (world) => {
    const conditions = { ResolvedRefs: "False InvalidRouteKinds" };
    await expectListeners(world, "Gateway gateway-tlsroute-passthrough-supported-kind", {
      "tls-passthrough": { attached: 0, kinds: ["TLSRoute"], conditions },
    });
  },
);

replay("TLSRouteListenerTerminateSupportedKinds", ["tlsroute-listener-terminate-supported-kinds"], async (world) => {
  await expectListeners(world, "Gateway gateway-tlsroute-terminate-supported", {
    "tls-terminate": { attached: 0, kinds: ["TLSRoute"], conditions: { Accepted: "True Accepted" } },
  });
});
