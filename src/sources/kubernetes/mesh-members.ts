/**
 * Who is in the mesh: the pods that were given a proxy, which have a label that says so. They are few among all pods, and the API
 * server picks them out.
 */
import {
  type ApiClient,
  type ApiError,
  type ListedObject,
  ResourceWatch,
  type Timers,
} from "../../kubernetes/index.ts";
import { excludedInboundPorts, type PodMetadata, workloadOf } from "../../resources/index.ts";

/** A pod in the mesh. */
export interface MemberPod {
  /** "namespace/name". */
  readonly key: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** What it is one of: the name of a Deployment, a StatefulSet, … */
  readonly workload: string;
  readonly addresses: readonly string[];
  /** Ports that its workload has excluded, on which its proxy takes no connections. */
  readonly excludedPorts: readonly number[];
}

export interface MemberPodsOptions {
  readonly client: ApiClient;
  /** `label=value`: what a pod with a proxy of the mesh has. */
  readonly labelSelector: string;
  readonly onSet: (pod: MemberPod) => void;
  readonly onGone: (key: string) => void;
  /** Runs what it is given as one step. */
  readonly batch: (step: () => void) => void;
  /** All that there were at first have been told. */
  readonly onSynced: () => void;
  readonly onProblem: (problem: ApiError | undefined) => void;
  readonly timers?: Timers;
}

interface SentPod extends ListedObject {
  readonly metadata: ListedObject["metadata"] &
    PodMetadata & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly serviceAccountName?: string };
  readonly status?: { readonly phase?: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

export function followMemberPods(options: MemberPodsOptions): Disposable {
  const { client, labelSelector, onSet, onGone, batch, onSynced, onProblem, timers } = options;
  return new ResourceWatch<MemberPod>({
    client,
    resource: { group: "", version: "v1", plural: "pods" },
    labelSelector,
    read: (object) => memberOf(object),
    onChanges: (changes) =>
      batch(() => {
        for (const change of changes) {
          if (change.kind === "set") onSet(change.item);
          else onGone(change.name);
        }
      }),
    onSynced,
    onProblem,
    ...(timers && { timers }),
  });
}

/** A pod that has ended has lost its address to whoever comes next. */
function memberOf({ metadata, spec, status }: SentPod): MemberPod {
  const { namespace = "", name } = metadata;
  const { phase, podIPs = [] } = status ?? {};
  const isOver = phase === "Succeeded" || phase === "Failed";
  return {
    key: `${namespace}/${name}`,
    namespace,
    serviceAccount: spec?.serviceAccountName ?? "default",
    workload: workloadOf(metadata),
    addresses: isOver ? [] : podIPs.map(({ ip }) => ip),
    excludedPorts: excludedInboundPorts(metadata.annotations),
  };
}
