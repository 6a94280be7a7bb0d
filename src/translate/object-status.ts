/**
 * What translation says of an object: its own part of the status, as the API would hold it but for the times, which whoever
 * writes it knows. Entries and conditions of other controllers are the writer's to keep.
 */
import type { OwnCondition, ParentReference, ObjectKey } from "../resources/index.ts";

export interface ObjectStatus {
  readonly key: ObjectKey;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly generation: number;
  /** What proxies do with it is not known yet and will be within milliseconds: whoever writes it does well to wait for that. */
  readonly isPassing?: true;
  readonly status: OwnStatus;
}

/** By shape: objects with conditions of their own, routes with parents, policies and backends with ancestors. */
export type OwnStatus =
  | {
      readonly conditions: readonly OwnCondition[];
      readonly supportedFeatures?: readonly { readonly name: string }[];
      readonly addresses?: readonly { readonly type: string; readonly value: string; readonly routability?: string }[];
      readonly listeners?: readonly OwnListenerStatus[];
      readonly attachedListenerSets?: number;
    }
  | { readonly parents: readonly (OwnEntry & { readonly parentRef: ParentReference })[] }
  | { readonly ancestors: readonly (OwnEntry & { readonly ancestorRef: ParentReference })[] };

export interface OwnEntry {
  readonly controllerName: string;
  readonly conditions: readonly OwnCondition[];
}

export interface OwnListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly attachedRoutes: number;
  readonly conditions: readonly OwnCondition[];
}
