/** Namespace, of which Trilith reads the labels. */
import type { KubernetesObject } from "./meta.ts";

export interface Namespace extends KubernetesObject {
  readonly kind: "Namespace";
}
