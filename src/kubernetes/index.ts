/** The API server of Kubernetes: where it is, calls, lists and watches. It knows no kind of its own. */
export { ApiError, resourcePath } from "./api-client.ts";
export type { ApiCall, ApiClient, ApiErrorCode, ResourceLocation } from "./api-client.ts";
export { Backoff } from "./backoff.ts";
export { askPod } from "./ask-pod.ts";
export { connectToCluster, type ConnectOptions } from "./connect-to-cluster.ts";
export type { ClusterClient, PodPort } from "./cluster-client.ts";
export { listResources } from "./list-resources.ts";
export { systemTimers, type Timers } from "./timers.ts";
export { LeaderElection } from "./lease.ts";
export type { LeaderElectionOptions } from "./lease.ts";
export { ResourceWatch, type WatchOptions } from "./resource-watch.ts";
export type { ListedObject, WatchChange } from "./seen-objects.ts";
export { Turns } from "./turns.ts";
