/** Official tests of HTTPRoute: routes that are refused or refer to what is not there, and what their statuses say. */
import { expect } from "vitest";
import { expectAnswers } from "./exchange.ts";
import { expectForeignStatusKept } from "./foreign-status.ts";
import { officialTests } from "./official-test.ts";
import { expectAccepted, expectListeners, expectParents, expectRouteConditions } from "./summaries.ts";

const [v1, v2] = ["infra-backend-v1", "infra-backend-v2"] as const;
const infra = "gateway-conformance-infra";
const resolved = { ResolvedRefs: "True ResolvedRefs" };
const replay = officialTests();

replay("HTTPRouteDisallowedKind", ["httproute-disallowed-kind"], async (world) => {
  await expectParents(world, "HTTPRoute disallowed-kind", {
    [`${infra}/tlsroutes-only`]: { Accepted: "False NotAllowedByListeners", ...resolved },
  });
  await expectListeners(world, "Gateway tlsroutes-only", { tls: { attached: 0 } });
});

replay("HTTPRouteInvalidCrossNamespaceParentRef", ["httproute-invalid-cross-namespace-parent-ref"], async (world) => {
  await expectParents(world, "HTTPRoute web/invalid-cross-namespace-parent-ref", {
    [`${infra}/same-namespace`]: { Accepted: "False NotAllowedByListeners", ...resolved },
  });
  await expectListeners(world, "Gateway same-namespace", { http: { attached: 0 } });
});

replay(
  "HTTPRouteInvalidParentRefNotMatchingListenerPort",
  ["httproute-invalid-parentref-not-matching-listener-port"],
  async (world) => {
    await expectParents(world, "HTTPRoute httproute-listener-not-matching-route-port", {
      [`${infra}/same-namespace:81`]: { Accepted: "False NoMatchingParent", ...resolved },
    });
    await expectListeners(world, "Gateway same-namespace", { http: { attached: 0 } });
  },
);

replay(
  "HTTPRouteInvalidParentRefNotMatchingSectionName",
  ["httproute-invalid-parentref-not-matching-section-name"],
  async (world) => {
    await expectParents(world, "HTTPRoute httproute-listener-not-matching-section-name", {
      [`${infra}/same-namespace#http1:80`]: { Accepted: "False NoMatchingParent" },
    });
    await expectListeners(world, "Gateway same-namespace", { http: { attached: 0 } });
  },
);

replay(
  "HTTPRouteInvalidParentRefSectionNameNotMatchingPort",
  ["httproute-invalid-parentref-section-name-not-matching-port"],
  async (world) => {
    const gateway = "gateway-with-one-not-matching-port-and-section-name-route";
    await expectParents(world, "HTTPRoute httproute-listener-section-name-not-matching-port", {
      [`${infra}/${gateway}#http:81`]: { Accepted: "False NoMatchingParent" },
    });
    await expectListeners(world, `Gateway ${gateway}`, { http: { attached: 0 } });
  },
);

replay("HTTPRouteInvalidBackendRefUnknownKind", ["httproute-invalid-backendref-unknown-kind"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute invalid-backend-ref-unknown-kind");
  await expectRouteConditions(world, "HTTPRoute invalid-backend-ref-unknown-kind", {
    ResolvedRefs: "False InvalidKind",
  });
  await expectAnswers(world, "same-namespace", [["/v2", 500]]);
});

replay("HTTPRouteInvalidCrossNamespaceBackendRef", ["httproute-invalid-cross-namespace-backend-ref"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute invalid-cross-namespace-backend-ref");
  await expectRouteConditions(world, "HTTPRoute invalid-cross-namespace-backend-ref", {
    ResolvedRefs: "False RefNotPermitted",
  });
  await expectAnswers(world, "same-namespace", [["/", 500]]);
});

replay("HTTPRouteInvalidNonExistentBackendRef", ["httproute-invalid-nonexistent-backendref"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute invalid-nonexistent-backend-ref");
  await expectRouteConditions(world, "HTTPRoute invalid-nonexistent-backend-ref", {
    ResolvedRefs: "False BackendNotFound",
  });
  await expectAnswers(world, "same-namespace", [["/", 500]]);
});

replay("HTTPRouteInvalidReferenceGrant", ["httproute-invalid-reference-grant"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute reference-grant");
  await expectRouteConditions(world, "HTTPRoute reference-grant", { ResolvedRefs: "False RefNotPermitted" });
  await expectAnswers(world, "same-namespace", [["/", 500]]);
});

replay("HTTPRouteReferenceGrant", ["httproute-reference-grant"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute reference-grant");
  await expectRouteConditions(world, "HTTPRoute reference-grant", resolved);
  await expectAnswers(world, "same-namespace", [["/", "web/web-backend"]]);
  await world.remove("ReferenceGrant web/reference-grant");
  await expectAnswers(world, "same-namespace", [["/", 500]]);
});

replay(
  "HTTPRoutePartiallyInvalidViaInvalidReferenceGrant",
  ["httproute-partially-invalid-via-invalid-reference-grant"],
  async (world) => {
    await expectAccepted(world, "same-namespace", "HTTPRoute invalid-reference-grant");
    await expectRouteConditions(world, "HTTPRoute invalid-reference-grant", { ResolvedRefs: "False RefNotPermitted" });
    await expectAnswers(world, "same-namespace", [
      ["/v2", 500],
      ["/", "app/app-backend-v1"],
    ]);
  },
);

replay("HTTPRouteNoBackendRefs", ["httproute-omitted-backendrefs"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute omitted-backendrefs");
  await expectRouteConditions(world, "HTTPRoute omitted-backendrefs", resolved);
  await expectAnswers(world, "same-namespace", [
    ["/forward", v1],
    ["/omitted-no-forward", 500],
    ["/empty-no-forward", 500],
  ]);
});

replay("HTTPRouteObservedGenerationBump", ["httproute-observed-generation-bump"], async (world) => {
  const route = "HTTPRoute observed-generation-bump";
  await expectAccepted(world, "same-namespace", route);
  const before = world.generationOf(route);
  await world.set(route, ["spec", "rules", 0, "backendRefs", 0, "name"], v2);
  expect(world.generationOf(route)).toBe(before + 1);
  await expectRouteConditions(world, route, { Accepted: "True", ...resolved });
  await expectAnswers(world, "same-namespace", [["/", v2]]);
});

replay("HTTPRoutePreserveForeignStatus", ["httproute-preserve-foreign-status"], async (world) => {
  const route = "HTTPRoute preserve-foreign-status";
  await expectParents(world, route, { "same-namespace": { Accepted: "True Accepted" } });
  const path = ["spec", "rules", 0, "matches", 0, "path", "value"];
  await expectForeignStatusKept(world, route, path, "/preserve-foreign-status-updated");
  await expectParents(world, route, { "same-namespace": { Accepted: "True Accepted" } });
});
