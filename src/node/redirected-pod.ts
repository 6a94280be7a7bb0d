/**
 * A pod whose connections are redirected by its node, as far as that depends on the pod. What is read here was written by whoever made the
 * pod, but for the status, which is the kubelet's.
 */
import type { ListedObject } from "../kubernetes/index.ts";
import { CAPTURE_VARIABLE, type Capture, captureFromText, SIDECAR_CONTAINER } from "../mesh/index.ts";

export interface RedirectedPod {
  /** "namespace/name". */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly capture: Capture | { readonly problem: string };
  /** Of its network namespace. None: it has none yet, or any longer. */
  readonly addresses: readonly string[];
  /** Which container is its sidecar, while one runs: another one may be in another network namespace. */
  readonly sidecar: string | undefined;
}

export interface SentPod extends ListedObject {
  readonly metadata: ListedObject["metadata"] & { readonly uid?: string };
  readonly spec?: { readonly hostNetwork?: boolean; readonly initContainers?: readonly SentContainer[] };
  readonly status?: {
    readonly phase?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly initContainerStatuses?: readonly SentContainerStatus[];
  };
}

interface SentContainer {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface SentContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: { readonly running?: object };
}

/** Undefined for a pod that does not ask its node, and for one on the node's own network, which is nobody's to redirect. */
export function redirectedPodOf({ metadata, spec = {}, status = {} }: SentPod): RedirectedPod | undefined {
  const sidecar = spec.initContainers?.find(({ name }) => name === SIDECAR_CONTAINER);
  const asked = sidecar?.env?.find(({ name }) => name === CAPTURE_VARIABLE)?.value;
  if (asked === undefined || spec.hostNetwork === true) return undefined;
  const { namespace = "", name, uid = "", resourceVersion } = metadata;
  const { phase, podIPs = [], initContainerStatuses = [] } = status;
  // One that has ended has lost its address to whoever comes next.
  const isOver = phase === "Succeeded" || phase === "Failed";
  const running = initContainerStatuses.find((one) => one.name === SIDECAR_CONTAINER && one.state?.running);
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    resourceVersion,
    capture: captureFromText(asked),
    addresses: isOver ? [] : podIPs.map(({ ip }) => ip),
    sidecar: isOver ? undefined : running?.containerID,
  };
}
