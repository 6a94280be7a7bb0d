/** The agent on a node: has the kernel redirect connections of those pods of the mesh that have no container of their own for it. */
export { NetworkNamespaces, type NetworkNamespacesOptions } from "./network-namespaces.ts";
export { type RedirectedPod, redirectedPodOf, type SentPod } from "./redirected-pod.ts";
export { RedirectionError, type RedirectionErrorCode } from "./redirection-error.ts";
export { Redirections, type RedirectionsOptions, type RedirectionState } from "./redirections.ts";
