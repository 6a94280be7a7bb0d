/** Official tests of HTTPRoute: which rule of a host takes a request. */
import { expectAnswers } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import { expectAccepted, expectRouteConditions } from "./summaries.ts";

const [v1, v2, v3] = ["infra-backend-v1", "infra-backend-v2", "infra-backend-v3"] as const;
const replay = officialTests();

replay("HTTPRouteSimpleSameNamespace", ["httproute-simple-same-namespace"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute gateway-conformance-infra-test");
  await expectRouteConditions(world, "HTTPRoute gateway-conformance-infra-test", { ResolvedRefs: "True ResolvedRefs" });
  await expectAnswers(world, "same-namespace", [["/", v1]]);
});

replay("HTTPRouteExactPathMatching", ["httproute-exact-path-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute exact-matching");
  await expectAnswers(world, "same-namespace", [
    ["/one", v1],
    ["/two", v2],
    ["/", 404],
    ["/one/example", 404],
    ["/two/", 404],
    ["/Two", 404],
  ]);
});

replay("HTTPRouteMatching", ["httproute-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute matching");
  await expectAnswers(world, "same-namespace", [
    ["/", v1],
    ["/example", v1],
    [{ headers: { version: "one" } }, v1],
    ["/v2", v2],
    ["/v2/example", v2],
    [{ headers: { version: "two" } }, v2],
    ["/v2/", v2],
    ["/v2example", v1],
    ["/foo/v2/example", v1],
  ]);
});

replay("HTTPRouteMatchingAcrossRoutes", ["httproute-matching-across-routes"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute matching-part1", "HTTPRoute matching-part2");
  await expectAnswers(world, "same-namespace", [
    [{ host: "example.com" }, v1],
    [{ host: "example.com", path: "/example" }, v1],
    [{ host: "example.net", path: "/example" }, v1],
    [{ host: "example.com", path: "/example", headers: { version: "one" } }, v1],
    [{ host: "example.com", path: "/v2" }, v2],
    [{ host: "example.net", path: "/v2" }, v1],
    [{ host: "example.com", path: "/v2/example" }, v2],
    [{ host: "example.com", headers: { version: "two" } }, v2],
  ]);
});

replay("HTTPRouteHeaderMatching", ["httproute-header-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute header-matching");
  await expectAnswers(world, "same-namespace", [
    [{ headers: { version: "one" } }, v1],
    [{ headers: { version: "two" } }, v2],
    [{ headers: { version: "two", color: "orange" } }, v1],
    [{ headers: { version: "two", color: "blue" } }, v2],
    [{ headers: { color: "orange" } }, 404],
    [{ headers: { "some-other-header": "one" } }, 404],
    [{ headers: { color: "blue" } }, v1],
    [{ headers: { color: "green" } }, v1],
    [{ headers: { color: "red" } }, v2],
    [{ headers: { color: "yellow" } }, v2],
    [{ headers: { color: "purple" } }, 404],
  ]);
});

replay("HTTPRouteMethodMatching", ["httproute-method-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute method-matching");
  await expectAnswers(world, "same-namespace", [
    [{ method: "POST" }, v1],
    [{ method: "GET" }, v2],
    [{ method: "HEAD" }, 404],
    [{ path: "/path1" }, v1],
    [{ method: "PUT", headers: { version: "one" } }, v2],
    [{ method: "POST", path: "/path2", headers: { version: "two" } }, v3],
    [{ method: "PATCH", path: "/path3" }, v1],
    [{ method: "DELETE", path: "/path4", headers: { version: "three" } }, v1],
    [{ method: "PUT" }, 404],
    [{ method: "DELETE", path: "/path4" }, 404],
    [{ method: "PATCH", path: "/path5" }, v1],
    [{ method: "PATCH", headers: { version: "four" } }, v2],
  ]);
});

replay("HTTPRouteQueryParamMatching", ["httproute-query-param-matching"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute query-param-matching");
  await expectAnswers(world, "same-namespace", [
    ["/?animal=whale", v1],
    ["/?animal=dolphin", v2],
    ["/?animal=dolphin&color=blue", v3],
    ["/?ANIMAL=Whale", v3],
    ["/?animal=whale&otherparam=irrelevant", v1],
    ["/?animal=dolphin&color=yellow", v2],
    ["/?color=blue", 404],
    ["/?animal=dog", 404],
    ["/?animal=whaledolphin", 404],
    ["/", 404],
    ["/path1?animal=whale", v1],
    [{ path: "/?animal=whale", headers: { version: "one" } }, v2],
    [{ path: "/path2?animal=whale", headers: { version: "two" } }, v3],
    ["/path3?animal=shark", v1],
    [{ path: "/path4?animal=kraken", headers: { version: "three" } }, v1],
    ["/?animal=shark", 404],
    ["/path4?animal=kraken", 404],
    ["/path5?animal=hydra", v1],
    [{ path: "/?animal=hydra", headers: { version: "four" } }, v3],
  ]);
});

replay("HTTPRoutePathMatchOrder", ["httproute-path-match-order"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute path-matching-order");
  await expectAnswers(world, "same-namespace", [
    ["/match/exact/one", v3],
    ["/match/exact", v2],
    ["/match", v1],
    ["/match/prefix/one/any", v2],
    ["/match/prefix/any", v1],
    ["/match/any", v3],
  ]);
});

replay("HTTPRouteRuleOrder", ["httproute-rule-order"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute rule-order", "HTTPRoute rule-order-invalid-backend");
  await expectRouteConditions(world, "HTTPRoute rule-order", { ResolvedRefs: "True" });
  await expectRouteConditions(world, "HTTPRoute rule-order-invalid-backend", { ResolvedRefs: "False BackendNotFound" });
  await expectAnswers(world, "same-namespace", [
    [{ path: "/rule-order", headers: { "x-color": "blue", "x-version": "one" } }, v1],
    ["/rule-order-invalid-backend", 500],
  ]);
});

replay("HTTPRouteNamedRule", ["httproute-named-rule"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute http-named-rules");
  await expectAnswers(world, "same-namespace", [
    ["/named", v1],
    ["/unnamed", v2],
  ]);
});
