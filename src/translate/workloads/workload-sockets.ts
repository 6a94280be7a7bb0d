/**
 * Where sidecars listen whose workloads' connections nobody redirects: at the workload's own ports for others, and for each port of a
 * Service that the workload calls. A call does what the frontend says that the kernel would have led it to.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import {
  type Frontend,
  frontendKey,
  type InboundSocket,
  type OutboundSocket,
  sidecarKey,
  socketKey,
  type WorkloadSocket,
  workloadListenerKey,
} from "../../model/index.ts";
import { objectKey, type Service, type Workload, type WorkloadCall } from "../../resources/index.ts";
import { addressesOf, tcpPortsOf } from "../mesh/bind-to-service.ts";
import { straightKey } from "../mesh/derive-frontends.ts";
import { callersOf } from "../mesh/mesh-routes.ts";
import { calledService } from "../mesh/wanted-destinations.ts";

/** Where programs talk to their sidecars, and sidecars to them: nobody else is meant to reach it. */
const LOOPBACK = "127.0.0.1";

/** What calls lead to. */
export interface CalledSources {
  readonly services: Collection<Service>;
  readonly frontends: Collection<Frontend>;
}

/** A port of a Service as a workload calls it. */
export type Called = Pick<OutboundSocket, "service" | "chains">;

export function deriveWorkloadSockets(
  graph: Graph,
  workloads: Collection<Workload>,
  sources: CalledSources,
): Collection<WorkloadSocket> {
  return graph.derive({
    name: "translate/WorkloadSockets",
    key: ({ key }: WorkloadSocket) => key,
    from: workloads,
    reads: [sources.services, sources.frontends],
    map: (workload, read) => [
      ...(workload.spec.ports ?? []).map((port) => inboundSocket(workload, port)),
      ...(workload.spec.calls ?? []).flatMap((call) => {
        const called = calledBy(workload, call, sources, read);
        return called ? [outboundSocket(workload, call, called)] : [];
      }),
    ],
  });
}

/**
 * By the routes for the workload's namespace, or those for all, or else straight on; undefined where the Service has no such port, or no
 * address.
 */
export function calledBy(
  { metadata: { namespace } }: Workload,
  call: WorkloadCall,
  { services, frontends }: CalledSources,
  read: Reader,
): Called | undefined {
  const { port } = call;
  const called = calledService(namespace, call);
  const isThere = read.pick(services, objectKey(called), (service) => service !== undefined && hasPort(service, port));
  if (!isThere) return undefined;
  const own = callersOf(namespace, called.namespace);
  const listener = frontendKey(called, port);
  const frontend =
    (own === undefined ? undefined : read.get(frontends, frontendKey(called, port, own))) ??
    read.get(frontends, listener);
  return {
    service: { kind: "Service", namespace: called.namespace, name: called.name, port },
    chains: frontend?.chains ?? [{ kind: "tcp", listeners: [listener], target: straightKey(called, port) }],
  };
}

const hasPort = ({ spec }: Service, port: number): boolean =>
  addressesOf(spec).length > 0 && tcpPortsOf(spec).some((own) => own.port === port);

function inboundSocket(
  workload: Workload,
  { port, localPort }: NonNullable<Workload["spec"]["ports"]>[number],
): InboundSocket {
  return { kind: "inbound", ...placeOf(workload, workload.spec.address, port), localPort };
}

function outboundSocket(workload: Workload, { localPort }: WorkloadCall, called: Called): OutboundSocket {
  return { kind: "outbound", ...placeOf(workload, LOOPBACK, localPort), ...called };
}

function placeOf({ metadata, spec }: Workload, address: string, port: number) {
  const proxy = sidecarKey(metadata.namespace, spec.serviceAccountName, metadata.name);
  return {
    key: socketKey(proxy, address, "tcp", port),
    proxy,
    workload: workloadListenerKey(metadata),
    address,
    port,
  };
}
