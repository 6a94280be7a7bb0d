/**
 * Has the kubelet ask the sidecar instead of the workload, in probes and in the hooks of a container's life. What can be
 * asked elsewhere without the sidecar (programs, other hosts) stays as it is, and so does what names a port that its container does not have.
 *
 * https://kubernetes.io/docs/concepts/workloads/pods/probes/
 */
import { MAX_GRPC_PROBES, PROBE_PORTS, type WorkloadProbe } from "../model/index.ts";
import type { AskedAction, AskedContainer } from "./pod.ts";

export interface RewrittenProbes<Container> {
  readonly containers: readonly Container[];
  readonly probes: readonly WorkloadProbe[];
}

export function rewriteProbes<Container extends AskedContainer>(
  containers: readonly Container[],
  before: readonly WorkloadProbe[] = [],
): RewrittenProbes<Container> {
  const probes = [...before];
  const rewritten = containers.map((container) => {
    const ask = <Action extends AskedAction>(action: Action | undefined, name: string): Action | undefined => {
      const made = action && rewrite(action, `/probes/${container.name}/${name}`, container, probes);
      if (made === undefined) return action;
      probes.push(made.probe);
      return made.action;
    };
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
    return {
      ...container,
      ...(livenessProbe && { livenessProbe: ask(livenessProbe, "liveness") }),
      ...(readinessProbe && { readinessProbe: ask(readinessProbe, "readiness") }),
      ...(startupProbe && { startupProbe: ask(startupProbe, "startup") }),
      ...(lifecycle && {
        lifecycle: {
          ...lifecycle,
          ...(lifecycle.postStart && { postStart: ask(lifecycle.postStart, "postStart") }),
          ...(lifecycle.preStop && { preStop: ask(lifecycle.preStop, "preStop") }),
        },
      }),
    };
  });
  return { containers: rewritten, probes };
}

/** Undefined: it stays. */
function rewrite<Action extends AskedAction>(
  action: Action,
  asked: string,
  container: AskedContainer,
  others: readonly WorkloadProbe[],
): { readonly action: Action; readonly probe: WorkloadProbe } | undefined {
  const { httpGet, tcpSocket, grpc, ...rest } = action;
  const host = httpGet?.host ?? tcpSocket?.host;
  const port = portOf(httpGet?.port ?? tcpSocket?.port ?? grpc?.port, container);
  if (port === undefined || (host !== undefined && host !== "")) return undefined;
  const elsewhere = { path: asked, port: PROBE_PORTS.http, scheme: "HTTP" };
  if (httpGet !== undefined)
    return {
      action: { ...action, httpGet: { ...httpGet, ...elsewhere } },
      probe: { kind: "http", asked, port, path: httpGet.path ?? "/", overTls: httpGet.scheme === "HTTPS" },
    };
  if (tcpSocket !== undefined)
    return { action: { ...rest, httpGet: elsewhere } as unknown as Action, probe: { kind: "tcp", asked, port } };
  const taken = others.filter(({ kind }) => kind === "grpc").length;
  if (grpc === undefined || taken === MAX_GRPC_PROBES) return undefined;
  const askedPort = PROBE_PORTS.firstGrpc + taken;
  return { action: { ...action, grpc: { ...grpc, port: askedPort } }, probe: { kind: "grpc", askedPort, port } };
}

function portOf(stated: number | string | undefined, { ports = [] }: AskedContainer): number | undefined {
  if (typeof stated !== "string") return stated;
  return ports.find(({ name }) => name === stated)?.containerPort;
}
