/** Something a person should know about an object: what `trilith check` prints, and what stands behind a bad condition. */
import type { ObjectKey } from "../resources/index.ts";
import { kebabOf } from "./conditions.ts";

export interface Finding {
  /** Unique: the object, the code and the place. */
  readonly key: string;
  readonly object: ObjectKey;
  /** `error`: part of what was asked for does not happen. `warning`: it happens, but is surely not meant. */
  readonly severity: "error" | "warning" | "info";
  /** Stable, in kebab case, to filter and to look up by. */
  readonly code: string;
  /** Field path from the object's root, such as `spec.rules[0].backendRefs[1]`. */
  readonly path?: string;
  readonly message: string;
  readonly advice?: string;
}

/** Fills in the key. */
export function findingOf(finding: Omit<Finding, "key">): Finding {
  return { key: `${finding.object}|${finding.code}|${finding.path ?? ""}`, ...finding };
}

/** The code for a condition's reason: "route" and "NotAllowedByListeners" make `route-not-allowed-by-listeners`. */
export function codeOfReason(prefix: string, reason: string): string {
  return `${prefix}-${kebabOf(reason)}`;
}
