/** A host of a route table as a record of its own: it travels without its table (VHDS), once its backends are ready. */
import { VirtualHostSchema } from "../generated/envoy/config/route/v3/route_components_pb.ts";
import { formatRule } from "../model/index.ts";
import type { VirtualHost } from "../model/index.ts";
import { clustersOf, virtualHostOf } from "./http/virtual-host.ts";
import { forProxies, recordOf } from "./record.ts";
import type { EnvoyRecord } from "./record.ts";

/** `scheme` is that of the listeners whose connections ask the host. */
export function virtualHostRecord(host: VirtualHost, scheme: "http" | "https"): EnvoyRecord {
  const clusters = clustersOf(host);
  return recordOf(
    {
      kind: "virtualHost",
      name: host.key,
      needs: clusters.map((name) => ({ kind: "cluster", name })),
      ...forProxies(host.proxy),
      origins: [...new Set(host.entries.map(({ rule }) => formatRule(rule.origin)))],
    },
    VirtualHostSchema,
    virtualHostOf(host, { scheme }),
  );
}
