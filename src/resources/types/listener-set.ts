/** ListenerSet: more listeners for a Gateway, stated by others. https://gateway-api.sigs.k8s.io/reference/spec/#listenerset */
import type { Listener } from "./gateway.ts";
import type { NamespacedObject } from "./meta.ts";
import type { ParentGatewayReference } from "./references.ts";
import type { ListenerSetStatus } from "./status.ts";

export interface ListenerSet extends NamespacedObject {
  readonly kind: "ListenerSet";
  readonly spec: ListenerSetSpec;
  readonly status?: ListenerSetStatus;
}

export interface ListenerSetSpec {
  readonly parentRef: ParentGatewayReference;
  readonly listeners: readonly Listener[];
}
