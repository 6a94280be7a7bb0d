/**
 * Statuses of AccessPolicies: an entry for each ServiceAccount that a policy names, or for its namespace. A policy is in force before
 * there are workloads, so that none is ever without it; whether there are any is told by a condition of its own.
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import { isAboutHttp } from "../../model/index.ts";
import { type AccessPolicy, type AccessPolicyRule, kinds, objectKeyOf, trilithGroup } from "../../resources/index.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { MeshMember } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { TranslateSettings } from "../settings.ts";
import { accountsOf } from "./derive-access.ts";

export interface AccessSources {
  readonly policies: Collection<AccessPolicy>;
  readonly members: Collection<MeshMember>;
  readonly settings: Pick<TranslateSettings, "mesh" | "controllerName">;
}

export interface AccessStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveAccessStatuses(graph: Graph, { policies, members, settings }: AccessSources): AccessStatuses {
  const byWorkload = graph.index(members, "by account and namespace", ({ namespace, serviceAccount }) => [
    namespace,
    `${namespace}/${serviceAccount}`,
  ]);
  const isMesh = settings.mesh !== undefined;
  return {
    statuses: graph.derive({
      name: "translate/AccessPolicyStatuses",
      key: (status: ObjectStatus) => status.key,
      from: policies,
      reads: [members],
      map: (policy, read) => [statusOf(policy, { isMesh, byWorkload, read, controllerName: settings.controllerName })],
    }),
    findings: graph.derive({
      name: "translate/AccessPolicyFindings",
      key: (finding: Finding) => finding.key,
      from: policies,
      map: (policy) => (isMesh ? findingsOf(policy) : [withoutMesh(policy)]),
    }),
  };
}

interface Place {
  readonly isMesh: boolean;
  readonly byWorkload: Index<MeshMember>;
  readonly read: Reader;
  readonly controllerName: string;
}

function statusOf(policy: AccessPolicy, { isMesh, byWorkload, read, controllerName }: Place): ObjectStatus {
  const { namespace, name, generation = 0 } = policy.metadata;
  const entry = (kind: "Namespace" | "ServiceAccount", target: string, workloads: string) => ({
    ancestorRef: { group: "", kind, ...(kind === "ServiceAccount" && { namespace }), name: target },
    controllerName,
    conditions: [
      conditionOf("Accepted", isMesh ? accepted(policy) : noMesh, generation),
      ...(isMesh ? [conditionOf("WorkloadsFound", foundOf(read.count(byWorkload, workloads) > 0), generation)] : []),
    ],
  });
  const ancestors = accountsOf(policy)?.map((account) =>
    entry("ServiceAccount", account, `${namespace}/${account}`),
  ) ?? [entry("Namespace", namespace, namespace)];
  const apiVersion = `${trilithGroup}/${kinds.AccessPolicy.versions[0]}`;
  return {
    key: objectKeyOf(policy),
    apiVersion,
    kind: policy.kind,
    namespace,
    name,
    generation,
    status: { ancestors },
  };
}

const noMesh: ConditionVerdict = {
  status: "False",
  reason: "NoMesh",
  message: "There is no mesh, so that nobody keeps to the policy",
};

function accepted({ spec: { mode } }: AccessPolicy): ConditionVerdict {
  const message = mode === "Audit" ? "What the policy would refuse is reported" : "The policy is enforced";
  return { status: "True", reason: "Accepted", message };
}

const foundOf = (areThere: boolean): ConditionVerdict =>
  areThere
    ? { status: "True", reason: "Found", message: "There are such workloads in the mesh" }
    : {
        status: "False",
        reason: "NoneInMesh",
        message: "No such workload is in the mesh; those outside it are not protected",
      };

const withoutMesh = (policy: AccessPolicy): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "error",
    code: "access-policy-no-mesh",
    path: "spec",
    message: noMesh.message,
    advice:
      "Install Trilith with its mesh; for callers of a Gateway, use the ExternalAuth filter or client certificates",
  });

/** What is said differs from what is meant where connections are not known to be HTTP. */
function findingsOf(policy: AccessPolicy): Finding[] {
  const { action, rules = [] } = policy.spec;
  if (action === "Allow") return rules.flatMap((rule, index) => allowsNothing(policy, rule, index));
  return rules.flatMap(({ sources, requests = [] }, index) => {
    const about = requests.findIndex(isAboutHttp);
    const isForOutside = sources?.some(({ type }) => type === "Outside") ?? true;
    if (about === -1 || !isForOutside) return [];
    return [
      findingOf({
        object: objectKeyOf(policy),
        severity: "info",
        code: "access-policy-denies-bytes",
        path: `spec.rules[${index}].requests[${about}]`,
        message:
          "callers outside the mesh are denied altogether: of their connections nobody knows the methods and paths",
        advice: "Name sources, or ports that are HTTP, if others are to get through",
      }),
    ];
  });
}

function allowsNothing(policy: AccessPolicy, { sources, requests }: AccessPolicyRule, index: number): Finding[] {
  if (!sources?.every(({ type }) => type === "Outside") || !requests?.every(isAboutHttp)) return [];
  return [
    findingOf({
      object: objectKeyOf(policy),
      severity: "warning",
      code: "access-policy-allows-nothing",
      path: `spec.rules[${index}].requests`,
      message: "the rule allows nothing: of connections from outside the mesh nobody knows the methods and paths",
      advice: "State ports, or no requests",
    }),
  ];
}
