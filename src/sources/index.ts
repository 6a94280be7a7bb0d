/** Sources: drivers that put objects and facts into collections. */
export { certificateFactOf, deriveCertificateFacts, deriveTrustFacts, trustFactOf } from "./facts/certificate-facts.ts";
export { ClusterDefaults, withClusterDefaults } from "./files/cluster-defaults.ts";
export { FileSource } from "./files/file-source.ts";
export type { FileSourceOptions, FileState } from "./files/file-source.ts";
export { loadFile } from "./files/load-file.ts";
export type { FileProblem, LoadedFile, LoadedObject } from "./files/load-file.ts";
export { MergedFiles } from "./files/merged-files.ts";
export { scanFiles } from "./files/file-scan.ts";
export { Clock } from "./facts/clock.ts";
export { NameResolver } from "./facts/name-resolver.ts";
export { deriveAddressFacts } from "./facts/address-facts.ts";
export { type KubernetesSource, startKubernetesSource } from "./kubernetes/kubernetes-source.ts";
export type { KubernetesSourceOptions, Unread } from "./kubernetes/kubernetes-source.ts";
export type { SourceProblem } from "./kubernetes/source-problems.ts";
export type { StoredVersion } from "./kubernetes/object-store.ts";
export type { ObjectChange } from "./object-change.ts";
export type { BundleVersions } from "./kubernetes/served-kinds.ts";
export { followMemberPods, type MemberPod, type MemberPodsOptions } from "./kubernetes/mesh-members.ts";
