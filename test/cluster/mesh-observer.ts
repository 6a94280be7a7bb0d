/** What can be seen from outside of calls in a test cluster: what callers say, where the calls come out, and what proxies count of them. */
import { expect } from "vitest";
import { readPage } from "../../src/cli/traffic/prometheus-page.ts";
import { clientOf } from "./echo-workload.ts";
import type { UsedCluster } from "./use-trilith-cluster.ts";

export interface MeshObserver {
  /** What the client of a workload says. Throws where it has no answer. */
  readonly callAs: (space: string, workload: string, ...args: readonly string[]) => string;
  /** The same of a namespace's "caller". */
  readonly call: (space: string, ...args: readonly string[]) => string;
  readonly addressOf: (name: string, space?: string) => string;
  /** Of an Envoy of a Gateway in "infra". */
  readonly addressOfGateway: (name: string) => string;
  /** How callers came to the sidecar of a pod in "shop" meanwhile: `mesh` with mutual TLS, `plain` without. */
  readonly arrivalsAt: (pod: string, calls: () => void) => Promise<readonly string[]>;
  /** The pods that answer the calls of the caller in "shop", sorted; none where a call fails. */
  readonly podsBehind: (service: string) => string[];
  /** A proxy's page of metrics. */
  readonly metricsAt: (address: string, port?: number) => string;
}

export function observeMesh(used: UsedCluster): MeshObserver {
  const callAs: MeshObserver["callAs"] = (space, workload, ...args) =>
    used.kubectl(...clientOf(space, workload, ...args));
  const call: MeshObserver["call"] = (space, ...args) => callAs(space, "caller", ...args);
  const addressBy = (label: string, space: string): string =>
    used.kubectl("-n", space, "get", "pods", "-l", label, "-o", "jsonpath={.items[0].status.podIP}");
  return {
    callAs,
    call,
    addressOf: (name, space = "shop") => addressBy(`name=${name}`, space),
    addressOfGateway: (name) => addressBy(`gateway.networking.k8s.io/gateway-name=${name}`, "infra"),
    arrivalsAt: (pod, calls) => arrivalsAt(used, pod, calls),
    podsBehind: (service) => {
      try {
        const output = call("shop", "--count=30", "--timeout=60s", `http://${service}/`);
        return [...new Set([...output.matchAll(/Hostname=(\S+)/g)].map(([, hostname = ""]) => hostname))].sort();
      } catch {
        return [];
      }
    },
    metricsAt: (address, port = 15_020) =>
      used.cluster.run("curl", ["-s", "-m", "5", `http://${address}:${port}/stats/prometheus`]).output,
  };
}

async function arrivalsAt({ sidecarLog }: UsedCluster, pod: string, calls: () => void): Promise<readonly string[]> {
  const lines = (): string[] => sidecarLog("shop", pod);
  const before = lines().length;
  calls();
  const arrivals = (): string[] =>
    lines()
      .slice(before - 1)
      .flatMap((line) => /"listener":"(mesh|plain)"/.exec(line)?.[1] ?? []);
  // A line is written some time after the connection has ended.
  await expect.poll(() => arrivals().length, { timeout: 40_000 }).toBeGreaterThan(0);
  return [...new Set(arrivals())];
}

/** Of the requests that a proxy has counted, these labels, each combination once. */
export const requestsIn = (page: string, ...names: readonly string[]): string[] => [
  ...new Set(
    readPage(page).flatMap(({ name, labels }) =>
      name === "envoy_trilith_requests_total" ? [names.map((label) => labels[label] ?? "").join(" ")] : [],
    ),
  ),
];
