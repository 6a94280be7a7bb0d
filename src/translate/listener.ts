/**
 * Listeners on their way through translation: a claim is what a Gateway or ListenerSet states, a listener is what became of
 * it. Both name their parent and their Gateway; nothing points down to them.
 */
import type {
  ListenerKey,
  NamespacedName,
  ProxyKey,
  RouteKind,
  RouteTableKey,
  ServerTls,
  SocketKey,
} from "../model/index.ts";
import type { Listener as ListenerSpec, ObjectKey, RouteNamespaces } from "../resources/index.ts";
import type { Verdict } from "./attachment.ts";

/** The object that states a listener. */
export interface ListenerParent extends NamespacedName {
  readonly kind: "Gateway" | "ListenerSet";
  readonly object: ObjectKey;
}

/** A listener as it is stated, with what decides who comes first. */
export interface ListenerClaim {
  readonly key: ListenerKey;
  readonly parent: ListenerParent;
  readonly gateway: NamespacedName;
  readonly gatewayObject: ObjectKey;
  readonly proxy: ProxyKey;
  /** Position in the parent's `spec.listeners`. */
  readonly index: number;
  readonly spec: ListenerSpec;
  /** RFC 3339; of the Gateway and of the parent. */
  readonly gatewayCreatedAt?: string;
  readonly parentCreatedAt?: string;
  /** What the Gateway's listeners bind; empty while there is nothing that can be bound. */
  readonly addresses: readonly string[];
  /** The Gateway as a whole is refused and not held, so that its listeners claim no port. */
  readonly refused: boolean;
}

/** Something wrong with one field. */
export interface FieldProblem {
  readonly reason: string;
  readonly message: string;
  /** From the root of the object that states the listener. */
  readonly path: string;
}

/** What is seen on a port when all its listeners are looked at together. */
export interface PortVerdict {
  readonly key: ListenerKey;
  readonly conflict?: { readonly reason: "HostnameConflict" | "ProtocolConflict"; readonly message: string };
  /** Another Gateway has the port. */
  readonly occupied?: string;
  /** Hostnames of other listeners that take their part of this one's names. */
  readonly narrower: readonly string[];
  /** HTTPS: hostnames of the other HTTPS listeners of the port. */
  readonly misdirected: readonly string[];
  /** Names of listeners whose TLS hostnames overlap with this one's. */
  readonly overlapping: readonly string[];
}

export interface Listener {
  readonly key: ListenerKey;
  readonly parent: ListenerParent;
  readonly gateway: NamespacedName;
  readonly gatewayObject: ObjectKey;
  readonly proxy: ProxyKey;
  readonly name: string;
  readonly index: number;
  readonly protocol: string;
  readonly transport: "tcp" | "udp";
  readonly port: number;
  /** `*` where the listener states none. */
  readonly hostname: string;
  readonly allowedKinds: readonly RouteKind[];
  readonly allowedNamespaces: RouteNamespaces;
  readonly addresses: readonly string[];
  /** The first of its sockets, which names it and its tables; there is one for each address. */
  readonly socket: SocketKey;
  /** HTTP and HTTPS only; spread where its Gateway's parameters say that it is to be made for many hosts. */
  readonly table?: RouteTableKey;
  /** How many filters its requests go through before routes are matched; absent: none. */
  readonly requestFilters?: number;
  /** What it terminates TLS with. */
  readonly termination?: ServerTls;
  readonly accepted: Verdict;
  readonly resolvedRefs: Verdict;
  readonly conflict?: PortVerdict["conflict"];
  readonly overlapping: readonly string[];
  readonly narrower: readonly string[];
  readonly misdirected: readonly string[];
  /** It has its port to itself, as far as it needs to: its hostname counts for isolation even while it cannot serve. */
  readonly present: boolean;
  /** Its connections can be served: there is an address, and TLS is complete where it is needed. */
  readonly serving: boolean;
  readonly problems: readonly FieldProblem[];
}

/** The generation of the object that states a listener. */
export interface ListenerGeneration {
  readonly key: ListenerKey;
  readonly generation: number;
  /** Of that object: another one of its name begins with generation 1 again. For a ListenerSet see `uidInGateway`. */
  readonly uid?: string;
}

/** Of a ListenerSet in a Gateway: where either is made again, what proxies had taken was another listener. */
export function uidInGateway(set: string | undefined, gateway: string | undefined): string | undefined {
  return set === undefined || gateway === undefined ? set : `${set}/${gateway}`;
}
