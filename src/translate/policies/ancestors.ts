/** The entries of a policy's status: for each Gateway that it has an effect on, or for what it is about. https://gateway-api.sigs.k8s.io/geps/gep-713/ */
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

/** Each Gateway once, in the order of their names; then others that have no Gateway. */
export function ancestorsOf(
  gateways: readonly NamespacedName[],
  controllerName: string,
  conditions: readonly OwnCondition[],
  { maximum = MAX_POLICY_ANCESTORS, others = [] }: AncestorBounds = {},
): OwnAncestor[] {
  const unique = new Map(gateways.map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]));
  const sorted = [...unique.entries()].sort(([a], [b]) => compareText(a, b));
  const ofGateways = sorted.map(([, { namespace, name }]) =>
    targetAncestorOf({ group: gatewayGroup, kind: "Gateway", namespace, name }, controllerName, conditions),
  );
  return [...ofGateways, ...others].slice(0, maximum);
}

interface AncestorBounds {
  readonly maximum?: number;
  readonly others?: readonly OwnAncestor[];
}

export const targetAncestorOf = (
  ancestorRef: ParentReference,
  controllerName: string,
  conditions: readonly OwnCondition[],
): OwnAncestor => ({ ancestorRef, controllerName, conditions });

/** A condition that is False, as a finding about the object as a whole. */
export const verdictFinding = (object: ObjectKey, prefix: string, { reason, message }: Verdict): Finding =>
  findingOf({ object, severity: "error", code: codeOfReason(prefix, reason), path: "spec", message });
