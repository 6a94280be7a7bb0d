/** BackendTLSPolicy: TLS from the Gateway to a backend. https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy */
import type { Hostname, NamespacedObject } from "./meta.ts";
import type { LocalObjectReference, LocalPolicyTargetReferenceWithSectionName } from "./references.ts";
import type { PolicyStatus } from "./status.ts";

export interface BackendTLSPolicy extends NamespacedObject {
  readonly kind: "BackendTLSPolicy";
  readonly spec: BackendTLSPolicySpec;
  readonly status?: PolicyStatus;
}

export interface BackendTLSPolicySpec {
  readonly targetRefs: readonly LocalPolicyTargetReferenceWithSectionName[];
  readonly validation: BackendTLSPolicyValidation;
  readonly options?: Readonly<Record<string, string>>;
}

/** Exactly one of `caCertificateRefs` and `wellKnownCACertificates` is there. */
export interface BackendTLSPolicyValidation {
  readonly caCertificateRefs?: readonly LocalObjectReference[];
  /** `System`, or `example.com/custom`. */
  readonly wellKnownCACertificates?: string;
  /** The server name to send; also authenticates the backend, unless subjectAltNames do. */
  readonly hostname: Hostname;
  readonly subjectAltNames?: readonly SubjectAltName[];
}

export type SubjectAltName =
  | { readonly type: "Hostname"; readonly hostname: Hostname }
  | { readonly type: "URI"; readonly uri: string };
