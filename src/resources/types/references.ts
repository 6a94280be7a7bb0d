/**
 * How Gateway API objects point to other objects. Group "" is the core group; an absent namespace is the namespace of the
 * object that holds the reference. https://gateway-api.sigs.k8s.io/reference/spec/
 */

/** From a route to what it attaches to. */
export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Name of a listener of a Gateway or ListenerSet, or of a port of a Service. */
  readonly sectionName?: string;
  readonly port?: number;
}

/** From a ListenerSet to its Gateway. */
export interface ParentGatewayReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** To an object of the same namespace. */
export interface LocalObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface ObjectReference extends LocalObjectReference {
  readonly namespace?: string;
}

/** To a certificate; a Secret of the core group unless stated otherwise. */
export interface SecretObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** To something that serves; a Service of the core group unless stated otherwise, which then needs a port. */
export interface BackendObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly port?: number;
}

export interface BackendRef extends BackendObjectReference {
  /** 0 to 1,000,000, out of the sum over the rule's references. */
  readonly weight: number;
}

/** From a policy to what it applies to, in its own namespace. */
export interface LocalPolicyTargetReferenceWithSectionName extends LocalObjectReference {
  readonly sectionName?: string;
}

/** To the parameters of a GatewayClass, of any scope. */
export interface ParametersReference extends LocalObjectReference {
  readonly namespace?: string;
}
