/** Who is who: the control plane's certificate authority, and whom it lets in for which token. */
export {
  type Admission,
  type Admitted,
  type Caller,
  admissionOfProxies,
  peerAdmission,
  proxyAdmission,
  type Refusal,
  type RefusalReason,
} from "./admission.ts";
export { PEER_AUDIENCE, PROXY_AUDIENCE } from "./audiences.ts";
export { type KeyPair } from "./certificate-chains.ts";
export {
  type AuthorityOptions,
  type AuthorityTimes,
  type ControlPlaneAuthority,
  controlPlaneNames,
  openAuthority,
} from "./control-plane-authority.ts";
export { authorityTimesOf, defaultIdentityTimes, type IdentityTimes, workloadTimesOf } from "./identity-times.ts";
export { type LocalAuthority, openLocalAuthority } from "./local-authority.ts";
export { type LocalTokens, openLocalTokens } from "./local-tokens.ts";
export { writePrivateFile } from "./private-file.ts";
export { WorkloadCertificates, type WorkloadCertificatesOptions } from "./workload-certificates.ts";
export { IdentityError, type IdentityErrorCode } from "./identity-error.ts";
export type { ServiceAccount } from "./token-reviewer.ts";
