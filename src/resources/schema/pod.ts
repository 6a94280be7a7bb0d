/** The schema of Pod, as far as Trilith reads it; the rest is left out, since there is much of it and it changes often. */
import type { Pod, PodStatus } from "../types/pod.ts";
import { list, object, oneOf, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain } from "./pattern.ts";
import type { Schema } from "./schema.ts";

type PodAddress = NonNullable<PodStatus["podIPs"]>[number];
type PodCondition = NonNullable<PodStatus["conditions"]>[number];

export const podSchema: Schema<Pod> = object<Pod>(
  {
    apiVersion: string(),
    kind: oneOf(["Pod"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    status: object<PodStatus>(
      {
        phase: string(),
        podIPs: list<PodAddress>(object<PodAddress>({ ip: string() }, ["ip"], { preserveUnknown: true })),
        conditions: list<PodCondition>(
          object<PodCondition>({ type: string(), status: string() }, ["status", "type"], { preserveUnknown: true }),
        ),
      },
      [],
      { preserveUnknown: true },
    ),
  },
  [],
  { preserveUnknown: true },
);

/** What is kept: labels, addresses, whether it is ready and whether it goes away. */
export function trimmedPod({ apiVersion, kind, metadata, status }: Pod): Pod {
  const { name, namespace, labels, uid, resourceVersion, creationTimestamp, deletionTimestamp } = metadata;
  const { phase, podIPs = [], conditions = [] } = status ?? {};
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      ...(labels !== undefined && { labels }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    status: {
      ...(phase !== undefined && { phase }),
      podIPs: podIPs.map(({ ip }) => ({ ip })),
      conditions: conditions
        .filter(({ type }) => type === "Ready")
        .map(({ type, status: is }) => ({ type, status: is })),
    },
  };
}
