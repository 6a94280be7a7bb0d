/** A host as other control planes write it, to compare with: the same routes as Trilith's own, in one list. */
import { create } from "@bufbuild/protobuf";
import { routesOfEntry } from "../src/envoy/http/routes.ts";
import { virtualHostOf } from "../src/envoy/http/virtual-host.ts";
import {
  VirtualHostSchema,
  type VirtualHost as EnvoyVirtualHost,
} from "../src/generated/envoy/config/route/v3/route_components_pb.ts";
import type { VirtualHost } from "../src/model/index.ts";

export function flatHostOf(host: VirtualHost): EnvoyVirtualHost {
  const { name, domains, requestHeadersToRemove } = virtualHostOf({ ...host, entries: [] }, { scheme: "http" });
  const routes = host.entries.flatMap((entry) => [...routesOfEntry(entry, { host, scheme: "http" })]);
  return create(VirtualHostSchema, { name, domains, requestHeadersToRemove, routes });
}
