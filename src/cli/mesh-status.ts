/**
 * What the replicas say of the proxies of a mesh and of Gateways, put together: each Envoy is connected to one of them, and a pod of the
 * mesh whose Envoy is connected to none is told as such.
 */
import type { ShownProxy } from "../app/index.ts";
import type { ReplicaAnswer } from "./controller-replicas.ts";

/** What a replica answers at `/proxies`. */
export interface ProxiesAnswer {
  readonly connected: readonly ShownProxy[];
  /** Pods of the mesh, wherever their Envoys are connected. */
  readonly members: readonly { readonly pod: string; readonly proxy: string }[];
}

export interface MeshProxy {
  readonly role: ShownProxy["role"];
  readonly proxy: string;
  /** "namespace/name" of the pod. */
  readonly pod: string;
  readonly state: "in sync" | "lagging" | "not connected";
  /** Resources whose newest version it has not acknowledged yet. */
  readonly behind?: number;
  /** The replica that it is connected to. */
  readonly replica?: string;
  /** RFC 3339. */
  readonly identityUntil?: string;
}

/** `namespace`: only what is there. In the order of role, proxy and pod. */
export function meshProxies(
  answers: readonly ReplicaAnswer<ProxiesAnswer>[],
  namespace: string | undefined,
): readonly MeshProxy[] {
  const connected = answers.flatMap(({ replica, answer }) =>
    answer.connected.map((each) => connectedProxy(each, replica)),
  );
  const known = new Set(connected.map(({ pod }) => pod));
  const members = new Map(
    answers.flatMap(({ answer }) => answer.members.map(({ pod, proxy }) => [pod, proxy] as const)),
  );
  const missing = [...members]
    .filter(([pod]) => !known.has(pod))
    .map(([pod, proxy]): MeshProxy => ({ role: "sidecar", proxy, pod, state: "not connected" }));
  const orderOf = ({ role, proxy, pod }: MeshProxy): string => [role, proxy, pod].join(" ");
  return [...connected, ...missing]
    .filter(({ pod }) => namespace === undefined || pod.startsWith(`${namespace}/`))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function connectedProxy({ role, proxy, node, behind, identityUntil }: ShownProxy, replica: string): MeshProxy {
  const parts = proxy.split("/");
  const namespace = role === "sidecar" ? parts[1] : parts.length > 1 ? parts[0] : undefined;
  return {
    role,
    proxy,
    pod: namespace === undefined ? node : `${namespace}/${node}`,
    state: behind === 0 ? "in sync" : "lagging",
    behind,
    replica,
    ...(identityUntil !== undefined && { identityUntil }),
  };
}
