/**
 * Pages of metrics of the proxies of a cluster, each asked through the API server at the port that its pod has for Prometheus; or of those
 * of a Trilith on this machine.
 */
import { askPod, type ClusterClient, listResources, type PodPort } from "../../kubernetes/index.ts";
import { SIDECAR_LABEL, SIDECAR_PORTS } from "../../model/index.ts";
import { gatewayNameLabel } from "../../resources/index.ts";
import { CliError } from "../cli-error.ts";

export interface ProxyPages {
  /** By what tells the proxies from each other. */
  readonly pages: ReadonlyMap<string, string>;
  /** How many proxies were asked. */
  readonly asked: number;
  /** Of those that did not answer, why the first did not. */
  readonly problem?: string;
}

/** Of Gateways' pods: see `metrics` among their ports. */
const GATEWAY_METRICS_PORT = "metrics";
const PATH = "/stats/prometheus";
/** Asked at the same time. */
const AT_ONCE = 16;

interface Pod {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec?: {
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly phase?: string };
}

/** Where the proxies of a namespace, or of all, are asked. Throws where there are none. */
export async function proxyPorts(client: ClusterClient, namespace: string | undefined): Promise<readonly PodPort[]> {
  const location = { group: "", version: "v1", plural: "pods", ...(namespace !== undefined && { namespace }) };
  const list = async (labelSelector: string): Promise<readonly Pod[]> =>
    (await listResources<Pod>(client, location, { labelSelector })).filter(({ status }) => status?.phase === "Running");
  const [sidecars, gateways] = await Promise.all([list(`${SIDECAR_LABEL}=envoy`), list(gatewayNameLabel)]);
  const at = ({ metadata: { namespace: space, name } }: Pod, port: number): PodPort => ({
    namespace: space,
    pod: name,
    port,
  });
  const ports = [
    ...sidecars.map((pod) => at(pod, SIDECAR_PORTS.pod)),
    ...gateways.flatMap((pod) => metricsPortsOf(pod).map((port) => at(pod, port))),
  ];
  if (ports.length > 0) return ports;
  const where = namespace === undefined ? "the cluster" : `namespace ${namespace}`;
  throw new CliError(
    `no proxy of Trilith runs in ${where}: neither a Gateway's nor one beside a workload of the mesh`,
    1,
  );
}

/** Other controllers' Gateways have other ports. */
const metricsPortsOf = ({ spec }: Pod): readonly number[] =>
  (spec?.containers ?? []).flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, containerPort }) => (name === GATEWAY_METRICS_PORT ? [containerPort] : [])),
  );

/** Throws where none of them answers. */
export async function readProxies(client: ClusterClient, ports: readonly PodPort[]): Promise<ProxyPages> {
  return await readAll(
    ports.map((port) => [`${port.namespace}/${port.pod}:${port.port}`, () => askPod(client, port, PATH)] as const),
  );
}

/** Each with its name and how it is asked. Throws where none of them answers. */
export async function readAll(
  proxies: readonly (readonly [name: string, ask: () => Promise<string>])[],
): Promise<ProxyPages> {
  const pages = new Map<string, string>();
  const problems: unknown[] = [];
  const waiting = [...proxies];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, ask] = next;
      try {
        pages.set(name, await readTwice(ask));
      } catch (error) {
        problems.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const [problem] = problems;
  if (pages.size === 0) throw problem;
  const told = problem instanceof Error ? problem.message : undefined;
  return { pages, asked: proxies.length, ...(told !== undefined && { problem: told }) };
}

/** Envoy brings histograms up to date when it is asked, and tells them when it is asked again. */
async function readTwice(ask: () => Promise<string>): Promise<string> {
  await ask();
  return ask();
}
