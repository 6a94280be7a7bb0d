/** XBackendTrafficPolicy (experimental): how traffic to a backend is handled. https://gateway-api.sigs.k8s.io/geps/gep-3388/ */
import type { NamespacedObject } from "./meta.ts";
import type { LocalObjectReference } from "./references.ts";
import type { SessionPersistence } from "./route.ts";
import type { PolicyStatus } from "./status.ts";

export interface XBackendTrafficPolicy extends NamespacedObject {
  readonly kind: "XBackendTrafficPolicy";
  readonly spec: XBackendTrafficPolicySpec;
  readonly status?: PolicyStatus;
}

export interface XBackendTrafficPolicySpec {
  readonly targetRefs: readonly LocalObjectReference[];
  readonly retryConstraint?: RetryConstraint;
  readonly sessionPersistence?: SessionPersistence;
}

/** How many of the requests to a backend may be retries. */
export interface RetryConstraint {
  readonly budget: {
    /** Of active requests; 0 to 100. */
    readonly percent: number;
    readonly interval: string;
  };
  /** Retries that are allowed whatever the budget says. */
  readonly minRetryRate: { readonly count?: number; readonly interval?: string };
}
