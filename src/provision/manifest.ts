import { resourcePath } from "../kubernetes/index.ts";

/** An object as it is sent to the API server. Only what is set here is claimed: the rest stays with whoever sets it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: ManifestKind;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly object[];
  };
  readonly [field: string]: unknown;
}

export type ManifestKind = keyof typeof MANIFEST_KINDS;

/** In the order in which they are made: what a pod needs comes before it. */
export const MANIFEST_KINDS = {
  ServiceAccount: { group: "", version: "v1", plural: "serviceaccounts" },
  ConfigMap: { group: "", version: "v1", plural: "configmaps" },
  Service: { group: "", version: "v1", plural: "services" },
  Deployment: { group: "apps", version: "v1", plural: "deployments" },
  PodDisruptionBudget: { group: "policy", version: "v1", plural: "poddisruptionbudgets" },
  HorizontalPodAutoscaler: { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" },
} as const;

/** What is made for Gateways has this label, and is found by it. */
export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
export const MANAGED_BY = "trilith.dev-gateway-controller";

export const pathOf = ({ kind, metadata: { namespace, name } }: Manifest): string =>
  resourcePath({ ...MANIFEST_KINDS[kind], namespace, name });
