/**
 * AccessPolicy (trilith.dev): who may call workloads of the mesh, come in through a Gateway, or call a backend outside, and with what. A
 * policy lies in the namespace that it protects. Its status has an entry for each target, or for the namespace.
 */
import type { NamespacedObject } from "./meta.ts";
import type { PolicyStatus } from "./status.ts";

export interface AccessPolicy extends NamespacedObject {
  readonly kind: "AccessPolicy";
  readonly spec: AccessPolicySpec;
  readonly status?: PolicyStatus;
}

export interface AccessPolicySpec {
  /** Whose workloads are protected, and which Gateways and XBackends; without any, the workloads of the whole namespace, and nothing else. */
  readonly targetRefs?: readonly AccessTarget[];
  /**
   * `Allow`: where one such policy is in force, what no rule of any matches is refused. `Deny`: what a rule matches is refused, whatever
   * allows it.
   */
  readonly action: "Allow" | "Deny";
  /** `Audit`: what the policy would refuse is reported, and let through. */
  readonly mode: "Enforce" | "Audit";
  /** Without any, an `Allow` policy allows nothing. */
  readonly rules?: readonly AccessPolicyRule[];
}

export interface AccessTarget {
  /** "" of a ServiceAccount, `gateway.networking.k8s.io` of a Gateway, `gateway.networking.x-k8s.io` of an XBackend. */
  readonly group: string;
  readonly kind: "ServiceAccount" | "Gateway" | "XBackend";
  readonly name: string;
}

/** Matches a call from one of the sources with one of the requests. */
export interface AccessPolicyRule {
  /** Without any: whoever calls, also from outside the mesh. */
  readonly sources?: readonly AccessPolicySource[];
  /** Without any: whatever is called. */
  readonly requests?: readonly AccessPolicyRequest[];
}

export interface AccessPolicySource {
  /**
   * `Mesh`: everybody who has an identity in the mesh; of a Gateway's callers, workloads in the mesh. `Outside`: everybody who has none; at
   * Gateways, who has shown no validated certificate.
   */
  readonly type: "Mesh" | "Outside" | "Namespace" | "ServiceAccount" | "Identity";
  readonly namespace?: string;
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  /** A SPIFFE ID; of a caller of a Gateway, the URI of its client certificate, where the listener validates those. */
  readonly identity?: string;
}

/** Matches what agrees with all that is stated. */
export interface AccessPolicyRequest {
  /** Of HTTP. */
  readonly methods?: readonly string[];
  /** Of HTTP, exact or `*.example.com`; with Gateways alone, since callers of a workload choose them as they like. */
  readonly hostnames?: readonly string[];
  /** Of HTTP. */
  readonly paths?: readonly AccessPolicyPath[];
  /** Of the workload, not of a Service in front of it; or of the listener; an XBackend has one alone, so that there is none to state. */
  readonly ports?: readonly number[];
}

export interface AccessPolicyPath {
  readonly type: "Exact" | "PathPrefix";
  readonly value: string;
}
