/** How many Envoys a replica serves, by what they are for: few numbers, however many Gateways and workloads there are. */
import { roleOf } from "./describe-proxies.ts";
import type { ProxyCount } from "./peer-lines.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

export const PROXY_ROLES = ["gateway", "sidecar"] as const;

/** Envoys of Gateways, and those beside workloads of the mesh. */
export type ProxyCounts = Readonly<Record<(typeof PROXY_ROLES)[number], ProxyCount>>;

const NONE: ProxyCount = { connected: 0, current: 0 };

export const noProxies: ProxyCounts = { gateway: NONE, sidecar: NONE };

export function proxyCountsOf(fleet: Pick<ProxyFleet, "proxies" | "countOf">): ProxyCounts {
  let counts = noProxies;
  for (const proxy of fleet.proxies()) {
    const role = roleOf(proxy);
    const { connected, current } = fleet.countOf(proxy);
    const before = counts[role];
    counts = { ...counts, [role]: { connected: before.connected + connected, current: before.current + current } };
  }
  return counts;
}
