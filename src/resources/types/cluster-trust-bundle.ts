/**
 * ClusterTrustBundle: certificate authorities for the whole cluster.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#cluster-trust-bundles
 */
import type { KubernetesObject } from "./meta.ts";

export interface ClusterTrustBundle extends KubernetesObject {
  readonly kind: "ClusterTrustBundle";
  readonly spec: {
    /** Whose authorities they are; the name then begins with it. */
    readonly signerName?: string;
    /** PEM. */
    readonly trustBundle: string;
  };
}
