/** Official tests of Gateway and GatewayClass: statuses, listeners that come and go, addresses, isolation. */
import { expect } from "vitest";
import { ask, expectAnswers } from "./exchange.ts";
import { expectForeignStatusKept } from "./foreign-status.ts";
import { LoopbackAddresses } from "../support/loopback-addresses.ts";
import type { Manifest } from "./official-manifests.ts";
import { officialTests } from "./official-test.ts";
import {
  expectAccepted,
  expectAddresses,
  expectConditions,
  expectListeners,
  expectParents,
  expectRouteConditions,
} from "./summaries.ts";

const v1 = "infra-backend-v1";
const infra = "gateway-conformance-infra";
const working = { Accepted: "True", ResolvedRefs: "True" };
const replay = officialTests();

replay(
  "GatewayHTTPListenerIsolation",
  ["gateway-http-listener-isolation", "gateway-http-listener-isolation-with-hostname-intersection"],
  async (world) => {
    const paths = ["empty-hostname", "wildcard-example-com", "wildcard-foo-example-com", "abc-foo-example-com"];
    const hosts = ["bar.com", "bar.example.com", "bar.foo.example.com", "abc.foo.example.com"];
    for (const suffix of ["", "-with-hostname-intersection"]) {
      const gateway = `http-listener-isolation${suffix}`;
      await expectAccepted(world, gateway, ...paths.map((path) => `HTTPRoute attaches-to-${path}${suffix}`));
      for (const [own, host] of hosts.entries())
        await expectAnswers(
          world,
          gateway,
          paths.map((path, index) => [{ host, path: `/${path}` }, index === own ? v1 : 404]),
        );
    }
  },
);

replay("GatewayListenerUnsupportedProtocol", ["gateway-invalid-listeners-unsupported-protocol"], async (world) => {
  const invalid = { attached: 0, kinds: [], conditions: { Accepted: "False UnsupportedProtocol" } };
  await expectConditions(world, "Gateway gateway-only-unsupported-protocols", { Accepted: "False ListenersNotValid" });
  await expectListeners(world, "Gateway gateway-only-unsupported-protocols", { invalid });
  const both = "Gateway gateway-supported-and-unsupported-protocols";
  await expectConditions(world, both, { Accepted: "True ListenersNotValid" });
  const http = { attached: 0, kinds: ["HTTPRoute"], conditions: { Accepted: "True Accepted" } };
  await expectListeners(world, both, { http, invalid });
});

replay("GatewayInvalidRouteKind", ["gateway-invalid-route-kind"], async (world) => {
  const conditions = { ResolvedRefs: "False InvalidRouteKinds" };
  await expectListeners(world, "Gateway gateway-only-invalid-route-kind", {
    http: { attached: 0, kinds: [], conditions },
  });
  await expectListeners(world, "Gateway gateway-supported-and-invalid-route-kind", {
    http: { attached: 0, kinds: ["HTTPRoute"], conditions },
  });
});

replay("GatewayInvalidParametersRef", ["gateway-invalid-parameters-ref"], async (world) => {
  await expectConditions(world, "Gateway gateway-invalid-parameters-ref", { Accepted: "False InvalidParameters" });
});

replay("GatewayModifyListeners", ["gateway-modify-listeners"], async (world) => {
  const adding = "Gateway gateway-add-listener";
  await expectListeners(world, adding, { https: { attached: 1, kinds: ["HTTPRoute"], conditions: working } });
  const before = world.generationOf(adding);
  await world.set(adding, ["spec", "listeners", 1], {
    name: "http",
    port: 80,
    protocol: "HTTP",
    hostname: "data.test.com",
    allowedRoutes: { namespaces: { from: "All" } },
  });
  const http = { attached: 1, kinds: ["HTTPRoute"], conditions: working };
  await expectListeners(world, adding, { http, https: http });
  expect(world.generationOf(adding)).toBe(before + 1);
  await expectAnswers(world, "gateway-add-listener", [[{ host: "data.test.com" }, v1]]);

  const removing = "Gateway gateway-remove-listener";
  await expectListeners(world, removing, { http, https: http });
  const only = { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } };
  await world.set(removing, ["spec", "listeners"], [only]);
  await expectListeners(world, removing, { http });
  await expectAnswers(world, "gateway-remove-listener", [["/", v1]]);
});

replay("GatewayNameMaximumLength", ["gateway-name-maximum-length"], async (world) => {
  const name = "gateway-name-maximum-length-".padEnd(253, "a");
  await expectConditions(world, `Gateway ${name}`, { Accepted: "True", Programmed: "True" });
  await expectAnswers(world, name, [["/", 404]]);
});

replay("GatewayObservedGenerationBump", ["gateway-observed-generation-bump"], async (world) => {
  const gateway = "Gateway gateway-observed-generation-bump";
  await expectConditions(world, gateway, { Accepted: "True", Programmed: "True" });
  const before = world.generationOf(gateway);
  await world.set(gateway, ["spec", "listeners", 1], {
    name: "alternate",
    hostname: "foo.com",
    port: 80,
    protocol: "HTTP",
    allowedRoutes: { namespaces: { from: "All" } },
  });
  expect(world.generationOf(gateway)).toBe(before + 1);
  await expectConditions(world, gateway, { Accepted: "True", Programmed: "True" });
});

replay("GatewayClassObservedGenerationBump", ["gatewayclass-observed-generation-bump"], async (world) => {
  const gatewayClass = "GatewayClass gatewayclass-observed-generation-bump";
  await expectConditions(world, gatewayClass, { Accepted: "True" });
  const before = world.generationOf(gatewayClass);
  await world.set(gatewayClass, ["spec", "description"], "new");
  expect(world.generationOf(gatewayClass)).toBe(before + 1);
  await expectConditions(world, gatewayClass, { Accepted: "True" });
});

replay(
  "GatewayOptionalAddressValue",
  ["gateway-optional-address-value"],
  async (world) => {
    const gateway = "Gateway gateway-without-address-value";
    await expectConditions(world, gateway, { Accepted: "True", Programmed: "True" });
    await expectAddresses(world, gateway, [{ type: "IPAddress", value: "127.0.0.1" }]);
  },
  // Its address is everybody's, so its port must not be.
  (manifest) => withFields(manifest, { listeners: [{ name: "http", port: 28_080, protocol: "HTTP" }] }),
);

/** The suite is given both when it is started; 192.0.2.0/24 is for documentation, and no machine's. */
const [unusable, usable] = ["192.0.2.1", new LoopbackAddresses().next()];

replay(
  "GatewayStaticAddresses",
  ["gateway-static-addresses"],
  async (world) => {
    const gateway = "Gateway gateway-static-addresses";
    await expectConditions(world, gateway, { Accepted: "False UnsupportedAddress" });
    await world.set(gateway, ["spec", "addresses"], [{ value: unusable }, { value: usable }]);
    await expectConditions(world, gateway, { Accepted: "True Accepted", Programmed: "False AddressNotUsable" });
    await world.set(gateway, ["spec", "addresses"], [{ value: usable }]);
    await expectConditions(world, gateway, { Accepted: "True Accepted", Programmed: "True Programmed" });
    await expectListeners(world, gateway, { http: { attached: 0, kinds: ["HTTPRoute"], conditions: working } });
    await expectAddresses(world, gateway, [{ type: "IPAddress", value: usable }]);
    expect((await ask(usable, { port: 8080 })).status).toBe(404);
  },
  (manifest) =>
    withFields(manifest, {
      addresses: [{ type: "test/fake-invalid-type", value: "no address" }, { value: unusable }, { value: usable }],
    }),
);

function withFields(manifest: Manifest, fields: object): Manifest {
  return manifest.kind === "Gateway" && /static|without-address/.test(manifest.metadata.name)
    ? { ...manifest, spec: { ...manifest.spec, ...fields } }
    : manifest;
}

replay("GatewayPreserveForeignConditions", ["gateway-preserve-foreign-conditions"], async (world) => {
  const gateway = "Gateway gateway-preserve-foreign-conditions";
  await expectConditions(world, gateway, { Accepted: "True" });
  await expectForeignStatusKept(world, gateway, ["spec", "listeners", 0, "hostname"], "second.example.com");
});

replay("GatewayWithAttachedRoutes", ["gateway-with-attached-routes"], async (world) => {
  await expectListeners(world, "Gateway gateway-with-one-attached-route", {
    http: { attached: 1, kinds: ["HTTPRoute"], conditions: working },
  });
  await expectListeners(world, "Gateway gateway-with-two-attached-routes", {
    http: { attached: 2, kinds: ["HTTPRoute"], conditions: working },
  });
  await expectParents(world, "HTTPRoute http-route-not-accepted", {
    [`${infra}/gateway-with-two-attached-routes`]: { Accepted: "False NoMatchingListenerHostname" },
  });
  await expectListeners(world, "Gateway unresolved-gateway-with-one-attached-unresolved-route", {
    tls: { attached: 1, kinds: ["HTTPRoute"], conditions: { Programmed: "False", ResolvedRefs: "False" } },
  });
  await expectRouteConditions(world, "HTTPRoute http-route-4", { ResolvedRefs: "False" });
});

replay("GatewayWithAttachedRoutesWithPort8080", ["gateway-with-attached-routes-with-port-8080"], async (world) => {
  await expectListeners(world, "Gateway gateway-with-two-listeners-and-one-attached-route", {
    "http-unattached": { attached: 0, kinds: ["HTTPRoute"], conditions: working },
    http: { attached: 1, kinds: ["HTTPRoute"], conditions: working },
  });
});
