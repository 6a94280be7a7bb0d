/**
 * Workloads of this machine: which are in the mesh, and as whom. Others tell workloads apart by their addresses, so of several with
 * one address only the first has it: the oldest, or else by name.
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import { sidecarKey, type Workload, workloadListenerKey } from "../../model/index.ts";
import { compareByAge, objectKeyOf, type Workload as WorkloadObject } from "../../resources/index.ts";
import type { MeshMember } from "../inputs.ts";
import type { ListenerGeneration } from "../listener.ts";

export interface Workloads {
  /** Those that have their address. */
  readonly held: Collection<WorkloadObject>;
  readonly workloads: Collection<Workload>;
  /** The same, as others see them. */
  readonly members: Collection<MeshMember>;
  readonly generations: Collection<ListenerGeneration>;
  /** The one that has the workload's address, where that is another one. */
  holderOf(workload: WorkloadObject, read: Reader): WorkloadObject | undefined;
}

export function deriveWorkloads(graph: Graph, objects: Collection<WorkloadObject>): Workloads {
  const byAddress: Index<WorkloadObject> = graph.index(objects, "by address", ({ spec }) => [spec.address]);
  const holderOf = (workload: WorkloadObject, read: Reader): WorkloadObject | undefined => {
    const [holder] = [...read.by(byAddress, workload.spec.address)].sort(compareByAge);
    return holder === undefined || objectKeyOf(holder) === objectKeyOf(workload) ? undefined : holder;
  };
  const held = graph.derive({
    name: "translate/HeldWorkloads",
    key: (workload: WorkloadObject) => objectKeyOf(workload),
    from: objects,
    reads: [objects],
    map: (workload, read) => (holderOf(workload, read) ? [] : [workload]),
  });
  return {
    held,
    holderOf,
    workloads: graph.derive({
      name: "translate/Workloads",
      key: ({ key }: Workload) => key,
      from: held,
      map: ({ metadata: { namespace, name }, spec: { serviceAccountName: serviceAccount } }) => [
        { key: sidecarKey(namespace, serviceAccount, name), namespace, name, serviceAccount },
      ],
    }),
    members: graph.derive({
      name: "translate/WorkloadMembers",
      key: ({ key }: MeshMember) => key,
      from: held,
      map: ({ metadata: { namespace, name }, spec: { serviceAccountName: serviceAccount, address } }) => [
        { key: `${namespace}/${name}`, namespace, serviceAccount, workload: name, addresses: [address] },
      ],
    }),
    generations: graph.derive({
      name: "translate/WorkloadGenerations",
      key: ({ key }: ListenerGeneration) => key,
      from: held,
      map: ({ metadata }) => [{ key: workloadListenerKey(metadata), generation: metadata.generation ?? 0 }],
    }),
  };
}
