/** Official tests of ListenerSet. */
import { expectAnswers, type Exchange } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import {
  expectAccepted,
  expectAttachedListenerSets,
  expectConditions,
  expectListeners,
  expectParents,
  expectRouteConditions,
  type ExpectedListener,
} from "./summaries.ts";

const [v1, v2, v3] = ["infra-backend-v1", "infra-backend-v2", "infra-backend-v3"] as const;
const infra = "gateway-conformance-infra";
const serving = { Accepted: "True", ResolvedRefs: "True", Programmed: "True" };
const working = { Accepted: "True Accepted", Programmed: "True Programmed" };
const notAllowed = { Accepted: "False NotAllowed", Programmed: "False NotAllowed" };
const notValid = { Accepted: "False ListenersNotValid", Programmed: "False ListenersNotValid" };
const replay = officialTests();

async function expectGateway(world: OfficialWorld, gateway: string, listenerSets: number): Promise<void> {
  await expectConditions(world, `Gateway ${gateway}`, { Accepted: "True" });
  await expectAttachedListenerSets(world, gateway, listenerSets);
}

const attached = (count: number): ExpectedListener => ({ attached: count, kinds: ["HTTPRoute"], conditions: serving });

replay("ListenerSetAllowedNamespaceNone", ["listenerset-allowed-namespace-none"], async (world) => {
  await expectGateway(world, "gateway-does-not-allow-listenerset", 0);
  await expectConditions(world, "ListenerSet listenerset-not-allowed", notAllowed);
});

replay("ListenerSetDefaultNotAllowed", ["listenerset-default-not-allowed"], async (world) => {
  await expectGateway(world, "gateway-default-does-not-allow-listenerset", 0);
  await expectConditions(world, "ListenerSet listenerset-default-not-allowed", notAllowed);
});

replay("ListenerSetAllowedNamespaceSame", ["listenerset-allowed-namespace-same"], async (world) => {
  await expectGateway(world, "gateway-allows-listenerset-in-same-namespace", 1);
  const same = "ListenerSet listenerset-in-same-namespace";
  await expectConditions(world, same, working);
  await expectListeners(world, same, { "listenerset-in-same-namespace-listener": { conditions: serving } });
  const other = "ListenerSet gateway-api-listenerset-not-allowed-ns/listenerset-in-different-namespace";
  await expectConditions(world, other, notAllowed);
});

replay("ListenerSetAllowedNamespaceSelector", ["listenerset-allowed-namespace-selector"], async (world) => {
  await expectGateway(world, "gateway-allows-listenerset-in-selected-namespace", 1);
  const selected = "ListenerSet gateway-api-listenerset-selector-allowed-ns/listenerset-in-selected-namespace";
  await expectConditions(world, selected, working);
  await expectListeners(world, selected, { "listenerset-in-selected-namespace-listener": { conditions: serving } });
  const other = "ListenerSet gateway-api-listenerset-selector-not-allowed-ns/listenerset-not-in-selected-namespace";
  await expectConditions(world, other, notAllowed);
});

replay("ListenerSetAllowedRoutesNamespaces", ["listenerset-allowed-routes-namespaces"], async (world) => {
  const gateway = "gateway-with-listener-sets-test-allowed-routes";
  await expectGateway(world, gateway, 2);
  const [same, selected, other] = [
    "route-in-same-namespace",
    "route-in-selected-namespace",
    "route-not-in-selected-namespace",
  ];
  await expectAccepted(
    world,
    "ListenerSet listenerset-test-allowed-routes-namespaces",
    `HTTPRoute ${same}`,
    `HTTPRoute gateway-api-routes-allowed-ns/${selected}`,
    `HTTPRoute gateway-api-routes-not-allowed-ns/${other}`,
  );
  const listener = "listener-set-listener-allowed-routes";
  await expectListeners(world, "ListenerSet listenerset-test-allowed-routes-namespaces", {
    [`${listener}-all`]: attached(3),
    [`${listener}-same`]: attached(1),
    [`${listener}-selector`]: attached(1),
  });
  const asked = (host: string, answers: readonly (number | string)[]): Exchange[] =>
    [same, selected, other].map((path, index) => [
      { host: `${listener}-${host}.com`, path: `/${path}` },
      answers[index] ?? 0,
    ]);
  await expectAnswers(world, gateway, [
    ...asked("all", [v1, v2, v3]),
    ...asked("same", [v1, 404, 404]),
    ...asked("selector", [404, v2, 404]),
  ]);
  const crossing = "ListenerSet gateway-api-ls-cross-ns/listenerset-test-allowed-routes-cross-ns";
  await expectAccepted(world, crossing, "HTTPRoute gateway-api-ls-cross-ns/route-in-listenerset-namespace");
  await expectRouteConditions(world, "HTTPRoute route-in-gateway-namespace", {
    Accepted: "False NotAllowedByListeners",
  });
  await expectListeners(world, crossing, { [`${listener}-cross-ns-same`]: attached(1) });
  const host = `${listener}-cross-ns-same.com`;
  await expectAnswers(world, gateway, [
    [{ host, path: "/route-in-listenerset-namespace" }, v1],
    [{ host, path: "/route-in-gateway-namespace" }, 404],
  ]);
});

replay("ListenerSetAllowedRoutesSupportedKinds", ["listenerset-allowed-routes-supported-kinds"], async (world) => {
  await expectConditions(world, "Gateway gateway-with-listener-sets-test-supported-route-kinds", { Accepted: "True" });
  await expectListeners(world, "ListenerSet listenerset-test-allowed-routes-supported-kinds", {
    "listener-set-listener-allowed-routes-tls-only": { conditions: { ResolvedRefs: "False InvalidRouteKinds" } },
  });
});

replay("ListenerSetDualParentRefIndependence", ["listenerset-dual-parentref-independence"], async (world) => {
  const gateway = "gateway-dual-parentref";
  await expectGateway(world, gateway, 1);
  await expectListeners(world, "ListenerSet ls-dual-parentref", { "ls-dual-parentref-listener": attached(2) });
  await expectParents(world, "HTTPRoute route-dual-parentref-both", {
    [`${infra}/${gateway}`]: { Accepted: "True" },
    [`ListenerSet ${infra}/ls-dual-parentref`]: { Accepted: "True" },
  });
  await expectParents(world, "HTTPRoute route-dual-parentref-one", {
    [`${infra}/${gateway}#ls-dual-parentref-listener`]: { Accepted: "False NoMatchingParent" },
    [`ListenerSet ${infra}/ls-dual-parentref#ls-dual-parentref-listener`]: { Accepted: "True Accepted" },
  });
  await expectAnswers(world, gateway, [
    [{ host: "gw-dual.com", path: "/dualboth" }, v1],
    [{ host: "ls-dual.com", path: "/dualboth" }, v1],
    [{ host: "ls-dual.com", path: "/dualone" }, v2],
    [{ host: "gw-dual.com", path: "/dualone" }, 404],
  ]);
});

replay(
  "ListenerSetGatewayParentSectionNameNotFound",
  ["listenerset-gateway-parent-section-name-not-found"],
  async (world) => {
    const gateway = "gateway-section-name";
    await expectGateway(world, gateway, 1);
    await expectAccepted(world, "ListenerSet listenerset-section-name", "HTTPRoute route-via-listenerset");
    await expectParents(world, "HTTPRoute route-via-gateway", {
      [`${infra}/${gateway}#ls-only-listener`]: { Accepted: "False NoMatchingParent" },
    });
    await expectAnswers(world, gateway, [
      [{ host: "ls-section-name.com", path: "/goodsection" }, v1],
      [{ host: "gw-section.com", path: "/badsection" }, 404],
    ]);
  },
);

/** Both tests of conflicts have the same names of everything but the conflict. */
async function expectConflicts(world: OfficialWorld, word: string, reason: string): Promise<void> {
  const gateway = `gateway-with-listenerset-${word}-conflict`;
  const good: ExpectedListener = { conditions: serving };
  const bad: ExpectedListener = {
    conditions: { Accepted: `False ${reason}`, Programmed: `False ${reason}`, Conflicted: `True ${reason}` },
  };
  const [withGateway, withSet] = [
    `${word}-conflict-with-gateway-listener`,
    `${word}-conflict-with-listener-set-listener`,
  ];
  await expectGateway(world, gateway, 2);
  await expectListeners(world, `Gateway ${gateway}`, { "gateway-listener": good, [withGateway]: good });
  const set = (name: string): string => `ListenerSet listenerset-with-${word}-conflict-with-${name}`;
  const partly = { Accepted: "True", Programmed: "True Programmed" };
  await expectConditions(world, set("gateway-1"), partly);
  await expectListeners(world, set("gateway-1"), {
    "listener-set-1-listener": good,
    [withGateway]: bad,
    [withSet]: good,
  });
  await expectConditions(world, set("gateway-2"), notValid);
  await expectListeners(world, set("gateway-2"), { [withGateway]: bad });
  await expectConditions(world, set("listener-set-1"), partly);
  await expectListeners(world, set("listener-set-1"), { "listener-set-2-listener": good, [withSet]: bad });
  await expectConditions(world, set("listener-set-2"), notValid);
  await expectListeners(world, set("listener-set-2"), { [withSet]: bad });
}

replay("ListenerSetHostnameConflict", ["listenerset-hostname-conflict"], async (world) => {
  await expectConflicts(world, "hostname", "HostnameConflict");
});

replay("ListenerSetProtocolConflict", ["listenerset-protocol-conflict"], async (world) => {
  await expectConflicts(world, "protocol", "ProtocolConflict");
});

replay("ListenerSetHTTPRouting", ["listenerset-http-routing"], async (world) => {
  const gateway = "gateway-with-listener-sets-http-routing";
  const [one, two] = ["listener-set-http-routing-1", "listener-set-http-routing-2"] as const;
  const routes = ["attaches-to-all-listeners", "gateway-route", "gateway-section-route"];
  await expectAccepted(world, gateway, ...routes.map((name) => `HTTPRoute ${name}`));
  await expectAttachedListenerSets(world, gateway, 2);
  await expectAccepted(world, `ListenerSet ${one}`, `HTTPRoute ${one}-route`, `HTTPRoute ${one}-section-route`);
  await expectAccepted(world, `ListenerSet ${two}`, `HTTPRoute ${two}-route`);
  await expectListeners(world, `ListenerSet ${one}`, {
    [`${one}-listener-1`]: attached(3),
    [`${one}-listener-2`]: attached(2),
  });
  await expectListeners(world, `ListenerSet ${two}`, {
    [`${two}-listener-1`]: attached(2),
    [`${two}-listener-2`]: attached(2),
  });
  const hosts = ["gateway", one, two].flatMap((owner) => [`${owner}-listener-1.com`, `${owner}-listener-2.com`]);
  const answers: Readonly<Record<string, readonly (number | string)[]>> = {
    "/route": [v1, v1, v1, v1, v1, v1],
    "/gateway-route": [v2, v2, 404, 404, 404, 404],
    "/gateway-section-route": [v3, 404, 404, 404, 404, 404],
    [`/${one}-route`]: [404, 404, v2, v2, 404, 404],
    [`/${one}-section-route`]: [404, 404, v3, 404, 404, 404],
    [`/${two}-route`]: [404, 404, 404, 404, v2, v2],
  };
  for (const [path, expected] of Object.entries(answers))
    await expectAnswers(
      world,
      gateway,
      hosts.map((host, index) => [{ host, path }, expected[index] ?? 0]),
    );
});

replay("ListenerSetReferenceGrant", ["listenerset-reference-grant"], async (world) => {
  await expectConditions(world, "Gateway gateway-with-listener-sets-test-reference-grant", { Accepted: "True" });
  const granted = "ListenerSet listenerset-with-reference-grant";
  await expectConditions(world, granted, { Accepted: "True", Programmed: "True" });
  await expectListeners(world, granted, {
    "listenerset-with-reference-grant-listener": { conditions: { ResolvedRefs: "True" } },
  });
  const other = "ListenerSet gateway-api-listener-sets-test-reference-grant-ns/listenerset-without-reference-grant";
  await expectConditions(world, other, notValid);
  await expectListeners(world, other, {
    "listenerset-without-reference-grant-listener": { conditions: { ResolvedRefs: "False RefNotPermitted" } },
  });
});

replay("ListenerSetRouteStatusScopedToParentRef", ["listenerset-route-status-scoped-to-parentref"], async (world) => {
  await expectGateway(world, "gateway-parentref", 1);
  await expectListeners(world, "ListenerSet listenerset-parentref", { "listenerset-parentref-listener": attached(1) });
  await expectParents(world, "HTTPRoute route-parentref-gwonly", {
    [`${infra}/gateway-parentref`]: { Accepted: "True" },
  });
  await expectParents(world, "HTTPRoute route-parentref-lsonly", {
    [`ListenerSet ${infra}/listenerset-parentref`]: { Accepted: "True Accepted" },
  });
});
