/**
 * What sends traffic to backends: the rules of a route on a Gateway, the filters of a listener. Each has what it needs by
 * value; what several need is made once.
 */
import type { Backend, NamespacedName, StreamBackend, TrustBundle } from "../../model/index.ts";

export interface BackendUser {
  readonly key: string;
  /** The Gateway whose proxies send it, or the mesh. */
  readonly gateway: NamespacedName;
  /** False: no object says that it is sent something; it may be called all the same. */
  readonly isStated?: false;
  /** Every backend that is spoken HTTP to; each once. */
  readonly backends: readonly Backend[];
  readonly streamBackends: readonly StreamBackend[];
  /** Trust that those backends' TLS needs. */
  readonly bundles: readonly TrustBundle[];
  /** Every Service and XBackend that a reference resolves to: "Service/<namespace>/<name>". */
  readonly targets: readonly string[];
}
