/**
 * What a pod is one of, by what the API server says of the pod alone: the Deployment, StatefulSet, DaemonSet, Job or CronJob that keeps
 * it. Names of pods come and go; these stay, and so are good for metrics.
 *
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
 */

export interface PodMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly controller?: boolean;
  }[];
}

/** What a Deployment puts behind its name in that of a ReplicaSet. */
const TEMPLATE_HASH = "pod-template-hash";
/** A CronJob names its Jobs after the minute: eight digits for the next decades. */
const MINUTE = /-\d{8,10}$/;

/** A pod that nobody keeps is its own workload; one that has no name yet is known by what its name will begin with. */
export function workloadOf({ name, generateName, labels, ownerReferences = [] }: PodMetadata): string {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner === undefined) return name ?? generateName?.replace(/-$/, "") ?? "";
  const hash = labels?.[TEMPLATE_HASH];
  switch (owner.kind) {
    case "ReplicaSet":
      return hash !== undefined && owner.name.endsWith(`-${hash}`) ? owner.name.slice(0, -hash.length - 1) : owner.name;
    case "Job":
      return owner.name.replace(MINUTE, "");
    default:
      return owner.name;
  }
}
