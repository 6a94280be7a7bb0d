/** The entries of a policy's status: one for each Gateway that it has an effect on. https://gateway-api.sigs.k8s.io/geps/gep-713/ */
import type { NamespacedName } from "../../model/index.ts";
import {
  compareText,
  gatewayGroup,
  type ObjectKey,
  type OwnCondition,
  type ParentReference,
} from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";

/** What the API holds at most; further Gateways are left out, as it demands. */
const MAX_POLICY_ANCESTORS = 16;

export interface OwnAncestor {
  readonly ancestorRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly OwnCondition[];
}

/** Each Gateway once, in the order of their names. */
export function ancestorsOf(
  gateways: readonly NamespacedName[],
  controllerName: string,
  conditions: readonly OwnCondition[],
  maximum: number = MAX_POLICY_ANCESTORS,
): OwnAncestor[] {
  const unique = new Map(gateways.map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]));
  return [...unique.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .slice(0, maximum)
    .map(([, { namespace, name }]) => {
      const ancestorRef: ParentReference = { group: gatewayGroup, kind: "Gateway", namespace, name };
      return { ancestorRef, controllerName, conditions };
    });
}

/** A condition that is False, as a finding about the object as a whole. */
export const verdictFinding = (object: ObjectKey, prefix: string, { reason, message }: Verdict): Finding =>
  findingOf({ object, severity: "error", code: codeOfReason(prefix, reason), path: "spec", message });
