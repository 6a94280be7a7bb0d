/**
 * Statuses of Gateway API objects. Trilith writes its own entries into them and keeps those of other controllers.
 * https://gateway-api.sigs.k8s.io/reference/spec/
 */
import type { ParentReference } from "./references.ts";

export type ConditionStatus = "True" | "False" | "Unknown";

/** https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Condition */
export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  /** Generation of the object that this condition speaks of. */
  readonly observedGeneration?: number;
  /** RFC 3339: when `status` last changed. */
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export interface GatewayClassStatus {
  readonly conditions?: readonly Condition[];
  /** Sorted by name. */
  readonly supportedFeatures?: readonly { readonly name: string }[];
}

export interface GatewayStatus {
  readonly addresses?: readonly GatewayStatusAddress[];
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly ListenerStatus[];
  /** How many ListenerSets have been attached successfully. */
  readonly attachedListenerSets?: number;
}

export interface GatewayStatusAddress {
  readonly type: string;
  readonly value: string;
  readonly routability?: string;
}

export interface RouteGroupKind {
  readonly group: string;
  readonly kind: string;
}

/** Of one listener, in the status of a Gateway or of a ListenerSet. */
export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds?: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface ListenerSetStatus {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly ListenerStatus[];
}

export interface RouteStatus {
  readonly parents: readonly RouteParentStatus[];
}

export interface RouteParentStatus {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

export interface PolicyStatus {
  readonly ancestors: readonly PolicyAncestorStatus[];
}

export interface PolicyAncestorStatus {
  readonly ancestorRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

export interface XBackendStatus {
  readonly ancestors?: readonly XBackendAncestorStatus[];
}

export interface XBackendAncestorStatus {
  readonly ancestorRef: ParentReference;
  readonly controllerName: string;
  readonly conditions?: readonly Condition[];
}
