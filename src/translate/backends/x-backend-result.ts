/**
 * An XBackend on its own: whether it can be used, and the TLS it is spoken to with.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-4894/
 */
import type { Reader } from "../../collections/index.ts";
import type { BackendTls, CertificateKey, TrustBundle } from "../../model/index.ts";
import { experimentalGroup, type SecretObjectReference, type XBackend } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { resolveValidation, type TrustLookup } from "../backend-tls/policy-result.ts";
import type { Grants } from "../grants.ts";
import type { Inputs } from "../inputs.ts";
import { resolveCertificate } from "../listeners/listener-tls.ts";

export interface XBackendLookup {
  readonly trust: TrustLookup;
  /** `reference` is the XBackend's. */
  certificate(
    reference: SecretObjectReference,
    namespace: string,
  ): { readonly key: CertificateKey } | { readonly message: string };
}

/** What a derivation reads for it: `trustFacts`, `certificateFacts` and `grants.of`. */
export function xBackendLookup(inputs: Inputs, grants: Grants, read: Reader): XBackendLookup {
  return {
    trust: (object) => read.get(inputs.trustFacts, object),
    certificate: (reference, namespace) => {
      const from = { group: experimentalGroup, kind: "XBackend", namespace };
      return resolveCertificate(reference, from, { grants, certificateFacts: inputs.certificateFacts }, read);
    },
  };
}

export interface XBackendResult {
  /** False: nothing may be sent to it, because its TLS cannot be carried out. */
  readonly accepted: Verdict;
  readonly tls?: BackendTls;
  readonly bundle?: TrustBundle;
}

export function xBackendResultOf({ metadata, spec }: XBackend, look: XBackendLookup): XBackendResult {
  const { namespace } = metadata;
  if (spec.tls.mode === "None") return { accepted: ACCEPTED };
  const { tls, bundle, accepted, resolvedRefs } = resolveValidation(spec.tls.validation, namespace, look.trust);
  if (tls === undefined) {
    const problem = resolvedRefs.status === "False" ? resolvedRefs : accepted;
    return { accepted: no(problem.reason, `spec.tls.validation cannot be carried out: ${problem.message}`) };
  }
  const parts = { accepted: ACCEPTED, ...(bundle && { bundle }) };
  if (spec.tls.mode === "ServerOnly") return { ...parts, tls };
  const found = look.certificate(spec.tls.clientCertificateRef, namespace);
  if (!("key" in found))
    return { accepted: no("InvalidClientCertificateRef", `spec.tls.clientCertificateRef: ${found.message}`) };
  return { ...parts, tls: { ...tls, clientCertificate: found.key } };
}

const ACCEPTED: Verdict = { status: "True", reason: "Accepted", message: "The backend can be used" };
const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
