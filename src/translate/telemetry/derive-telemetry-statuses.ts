/**
 * Statuses of XTelemetryPolicies, and findings about them: an ancestor for each target of ours that a policy names, which says
 * whether the policy is in force there.
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import { experimentalGroup, objectKeyOf, type ParentReference, type XTelemetryPolicy } from "../../resources/index.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import type { ObjectStatus } from "../object-status.ts";
import { targetAncestorOf } from "../policies/ancestors.ts";
import type { TelemetryBinding } from "./telemetry-bindings.ts";
import { isTelemetryTarget, type TelemetryClaim } from "./telemetry-claims.ts";

export interface TelemetrySources {
  readonly policies: Collection<XTelemetryPolicy>;
  readonly claims: Collection<TelemetryClaim>;
  readonly bindings: Collection<TelemetryBinding>;
  readonly controllerName: string;
}

export interface TelemetryStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveTelemetryStatuses(graph: Graph, sources: TelemetrySources): TelemetryStatuses {
  const { policies, claims, bindings } = sources;
  const byPolicy = graph.index(claims, "by policy", ({ policy }) => [policy]);
  const reads = [claims, bindings];
  return {
    statuses: graph.derive({
      name: "translate/TelemetryPolicyStatuses",
      key: (status: ObjectStatus) => status.key,
      from: policies,
      reads,
      map: (policy, read) => statusOf(policy, targetsOf(policy, byPolicy, bindings, read), sources),
    }),
    findings: graph.derive({
      name: "translate/TelemetryPolicyFindings",
      key: (finding: Finding) => finding.key,
      from: policies,
      reads,
      map: (policy, read) => findingsOf(policy, targetsOf(policy, byPolicy, bindings, read)),
    }),
  };
}

/** A target of ours, and what is in force for it. */
interface Target {
  readonly claim: TelemetryClaim;
  readonly accepted: ConditionVerdict;
  /** Of the policy itself; undefined where it is not in force. */
  readonly binding: TelemetryBinding | undefined;
}

function targetsOf(
  policy: XTelemetryPolicy,
  byPolicy: Index<TelemetryClaim>,
  bindings: Collection<TelemetryBinding>,
  read: Reader,
): Target[] {
  const object = objectKeyOf(policy);
  const claims = [...read.by(byPolicy, object)].sort((a, b) => a.index - b.index);
  return claims.map((claim) => {
    const inForce = claim.refusal ? undefined : read.get(bindings, claim.target);
    const binding = inForce?.policy === object ? inForce : undefined;
    return { claim, binding, accepted: claim.refusal ?? (binding ? IN_FORCE : lostTo(inForce, claim)) };
  });
}

const IN_FORCE: ConditionVerdict = { status: "True", reason: "Accepted", message: "The policy is in force" };

function lostTo(winner: TelemetryBinding | undefined, { ancestor }: TelemetryClaim): ConditionVerdict {
  const message = `XTelemetryPolicy ${winner?.name ?? ""}, which comes first, is in force for ${labelOf(ancestor)}`;
  return { status: "False", reason: "Conflicted", message };
}

const labelOf = ({ kind, namespace, name }: ParentReference): string =>
  `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;

function statusOf(
  policy: XTelemetryPolicy,
  targets: readonly Target[],
  { controllerName }: TelemetrySources,
): ObjectStatus[] {
  if (targets.length === 0) return [];
  const { namespace, name, generation = 0 } = policy.metadata;
  const ancestors = targets.map(({ claim, binding, accepted }) =>
    targetAncestorOf(claim.ancestor, controllerName, [
      conditionOf("Accepted", accepted, generation),
      ...(binding ? [conditionOf("ResolvedRefs", binding.resolvedRefs, generation)] : []),
    ]),
  );
  const apiVersion = `${experimentalGroup}/v1alpha1`;
  const { kind } = policy;
  return [{ key: objectKeyOf(policy), apiVersion, kind, namespace, name, generation, status: { ancestors } }];
}

function findingsOf(policy: XTelemetryPolicy, targets: readonly Target[]): Finding[] {
  const found = [
    ...foreignFindings(policy),
    ...(targets.length === 0 ? [withoutTarget(policy)] : targets.flatMap((target) => targetFindings(policy, target))),
  ];
  // Several targets find the same things.
  return [...new Map(found.map((finding) => [finding.key, finding])).values()];
}

const foreignFindings = (policy: XTelemetryPolicy): Finding[] =>
  policy.spec.targetRefs.flatMap((target, index) =>
    isTelemetryTarget(target)
      ? []
      : [
          findingOf({
            object: objectKeyOf(policy),
            severity: "warning",
            code: "policy-target-not-supported",
            path: `spec.targetRefs[${index}]`,
            message: `a ${target.kind} is no target of an XTelemetryPolicy`,
            advice:
              "Name a Gateway; or, for workloads of the mesh, a ServiceAccount, the policy's Namespace, or the XMesh",
          }),
        ],
  );

const withoutTarget = (policy: XTelemetryPolicy): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "warning",
    code: "policy-without-target",
    path: "spec.targetRefs",
    message:
      "no targetRef names a Gateway of ours in the policy's namespace, or workloads of the mesh, so that the policy has no effect",
  });

function targetFindings(policy: XTelemetryPolicy, { claim, binding, accepted }: Target): Finding[] {
  const object = objectKeyOf(policy);
  if (binding)
    return [
      ...binding.problems.map(({ reason, path, message }) =>
        findingOf({ object, severity: "error", code: codeOfReason("reference", reason), path, message }),
      ),
      ...binding.notices.map((notice) => findingOf({ object, severity: "warning", ...notice })),
    ];
  const path = `spec.targetRefs[${claim.index}]`;
  const code = codeOfReason("policy", accepted.reason);
  return [findingOf({ object, severity: "error", code, path, message: accepted.message })];
}
