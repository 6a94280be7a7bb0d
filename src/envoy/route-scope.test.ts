import { fromBinary, toJson } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ScopedRouteConfigurationSchema } from "../generated/envoy/config/route/v3/scoped_route_pb.ts";
import { HeaderMutationSchema } from "../generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { partsOf, proxyKey, type RouteTableKey, spread } from "../model/index.ts";
import { routePartMutation, routeScopeRecord } from "./route-scope.ts";

const plain = "edge/web/tcp/0.0.0.0/80" as RouteTableKey;
const proxy = proxyKey("edge/web");

test("a part of a spread table has a scope of its name that leads to it; another table has none", () => {
  const [part = plain] = partsOf(spread(plain));
  const record = routeScopeRecord({ key: part, proxy, port: 80 });
  expect(
    record && toJson(ScopedRouteConfigurationSchema, fromBinary(ScopedRouteConfigurationSchema, record.bytes)),
  ).toEqual({
    name: part,
    routeConfigurationName: part,
    key: { fragments: [{ stringKey: part }] },
  });
  expect(routeScopeRecord({ key: plain, proxy, port: 80 })).toBe(undefined);
});

test("a request is given the name of its part: the table, and a bit for each expression", () => {
  const { typedConfig } = routePartMutation(spread("edge/we%b" as RouteTableKey));
  const mutation = typedConfig && anyUnpack(typedConfig, HeaderMutationSchema)?.mutations[0];
  const header = mutation?.action.case === "append" ? mutation.action.value.header : undefined;
  expect(header?.key).toBe("x-trilith-route-part");
  expect(header?.value).toMatch(/^edge\/we%%b#(%CEL\(request\.host\.matches\('\(\?i\)\^[^%]*'\) \? '0' : '1'\)%){4}$/);
});
