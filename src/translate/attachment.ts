/**
 * What binds routes to listeners: an Attachment for each (route, parentRef, listener) that is accepted, and a
 * ParentResult for each parentRef that names something of ours, accepted or not.
 */
import type { ListenerKey, NamespacedName, ProxyKey, RouteOrigin, RouteTableKey, SocketKey } from "../model/index.ts";
import type { ObjectKey, ParentReference } from "../resources/index.ts";

/** The route as the ordering rules of the specification see it. */
export interface RouteReference extends RouteOrigin {
  readonly object: ObjectKey;
  /** Tells it from a predecessor of the same name. Absent where objects live in files. */
  readonly uid?: string;
  /** RFC 3339; without one, the route counts as the newest. */
  readonly createdAt?: string;
  readonly generation: number;
}

export interface Attachment {
  /** `<route>|<parentRef index>|<listener>`. */
  readonly key: string;
  /** The key of its ParentResult. */
  readonly parent: string;
  /** The key of the route's rules on the Gateway: see RouteRules. */
  readonly rules: string;
  readonly route: RouteReference;
  /** See ParentResult. */
  readonly parentPath: string;
  readonly gateway: NamespacedName;
  readonly proxy: ProxyKey;
  readonly listener: ListenerKey;
  readonly socket: SocketKey;
  /** HTTP and HTTPS listeners only. */
  readonly table?: RouteTableKey;
  readonly port: number;
  /** False where the listener cannot serve (its certificate is missing, say): the route still counts as attached. */
  readonly serving: boolean;
  readonly hosts: readonly AttachedHost[];
}

export interface AttachedHost {
  /** Where the listener's and the route's hostname meet: `a.example.com`, `*.example.com` or `*`. */
  readonly domain: string;
  /** What the route states: it decides precedence between routes that meet a listener in the same domain. `*`: nothing stated. */
  readonly routeHostname: string;
}

export interface Verdict {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

export interface ParentResult {
  /** `<route>|<parentRef index>`. */
  readonly key: string;
  /** The key of the route's rules on the Gateway: see RouteRules. */
  readonly rules: string;
  readonly route: RouteReference;
  /** Position in `spec.parentRefs`; default Gateways come after those. */
  readonly parentRefIndex: number;
  /** The field that asks for this parent: `spec.parentRefs[0]`, or `spec.useDefaultGateways`. */
  readonly parentPath: string;
  /** As the route states it, with the API's defaults. */
  readonly parentRef: ParentReference;
  readonly accepted: Verdict;
  /** The Gateway behind the parent (for a ListenerSet, its Gateway). */
  readonly gateway: NamespacedName;
}
