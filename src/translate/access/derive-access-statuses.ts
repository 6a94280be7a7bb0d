/**
 * Statuses of AccessPolicies: an entry for each ServiceAccount, Gateway and XBackend that a policy names, or for its namespace. A policy is in force
 * before there are workloads, so that none is ever without it; whether there are any is told by a condition of its own. Of Gateways that
 * other controllers run nothing is said.
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import {
  type AccessPolicy,
  experimentalGroup,
  type Gateway,
  gatewayGroup,
  kinds,
  objectKey,
  objectKeyOf,
  type ParentReference,
  trilithGroup,
  type XBackend,
} from "../../resources/index.ts";
import type { NamespacedName } from "../../model/index.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import type { Finding } from "../finding.ts";
import { gatewayKeyOf, type ManagedGateway } from "../gateways/managed-gateways.ts";
import type { MeshMember } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import { type OwnAncestor, targetAncestorOf } from "../policies/ancestors.ts";
import type { TranslateSettings } from "../settings.ts";
import { accountsOf } from "./derive-access.ts";
import { backendsOf } from "./derive-backend-access.ts";
import { gatewaysOf } from "./derive-gateway-access.ts";
import { gatewayFindings } from "./gateway-access-findings.ts";
import { targetMissing } from "./policy-targets.ts";
import { NO_MESH, workloadFindings } from "./workload-access-findings.ts";

export interface AccessSources {
  readonly policies: Collection<AccessPolicy>;
  readonly members: Collection<MeshMember>;
  readonly gateways: { readonly stated: Collection<Gateway>; readonly ours: Collection<ManagedGateway> };
  readonly backends: Collection<XBackend>;
  readonly settings: Pick<TranslateSettings, "mesh" | "controllerName">;
}

export interface AccessStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveAccessStatuses(graph: Graph, sources: AccessSources): AccessStatuses {
  const { policies, members, gateways, backends, settings } = sources;
  const byWorkload = graph.index(members, "by account and namespace", ({ namespace, serviceAccount }) => [
    namespace,
    `${namespace}/${serviceAccount}`,
  ]);
  return {
    statuses: graph.derive({
      name: "translate/AccessPolicyStatuses",
      key: (status: ObjectStatus) => status.key,
      from: policies,
      reads: [members, gateways.stated, gateways.ours, backends],
      map: (policy, read) => statusOf(policy, { ...sources, byWorkload, read }),
    }),
    findings: graph.derive({
      name: "translate/AccessPolicyFindings",
      key: (finding: Finding) => finding.key,
      from: policies,
      reads: [gateways.stated, gateways.ours, backends],
      map: (policy, read) => [
        ...backendsOf(policy).flatMap((name) =>
          isBackendThere({ ...policy.metadata, name }, backends, read) ? [] : [targetMissing(policy, "XBackend", name)],
        ),
        ...workloadFindings(policy, settings.mesh !== undefined),
        ...gatewayFindings(
          policy,
          (name) => {
            const key = gatewayKeyOf({ namespace: policy.metadata.namespace, name });
            if (!read.pick(gateways.stated, key, (stated) => stated !== undefined)) return "missing";
            return read.get(gateways.ours, key)?.spec;
          },
          settings.mesh?.gateways && settings.mesh.trustDomain,
        ),
      ],
    }),
  };
}

interface Place extends AccessSources {
  readonly byWorkload: Index<MeshMember>;
  readonly read: Reader;
}

function statusOf(policy: AccessPolicy, place: Place): ObjectStatus[] {
  const { namespace, name, generation = 0 } = policy.metadata;
  const ancestors = [...ofWorkloads(policy, place), ...ofGateways(policy, place), ...ofBackends(policy, place)];
  if (ancestors.length === 0) return [];
  const apiVersion = `${trilithGroup}/${kinds.AccessPolicy.versions[0]}`;
  const { kind } = policy;
  return [{ key: objectKeyOf(policy), apiVersion, kind, namespace, name, generation, status: { ancestors } }];
}

function ofWorkloads(policy: AccessPolicy, { settings, byWorkload, read }: Place): OwnAncestor[] {
  const { namespace, generation = 0 } = policy.metadata;
  const isMesh = settings.mesh !== undefined;
  const entry = (ancestorRef: ParentReference, workloads: string): OwnAncestor =>
    targetAncestorOf(ancestorRef, settings.controllerName, [
      conditionOf("Accepted", isMesh ? accepted(policy) : noMesh, generation),
      ...(isMesh ? [conditionOf("WorkloadsFound", foundOf(read.count(byWorkload, workloads) > 0), generation)] : []),
    ]);
  return (
    accountsOf(policy)?.map((account) =>
      entry({ group: "", kind: "ServiceAccount", namespace, name: account }, `${namespace}/${account}`),
    ) ?? [entry({ group: "", kind: "Namespace", name: namespace }, namespace)]
  );
}

function ofGateways(policy: AccessPolicy, { gateways, settings, read }: Place): OwnAncestor[] {
  const { namespace, generation = 0 } = policy.metadata;
  return gatewaysOf(policy).flatMap((name) => {
    const key = gatewayKeyOf({ namespace, name });
    const isThere = read.pick(gateways.stated, key, (stated) => stated !== undefined);
    const isOurs = read.pick(gateways.ours, key, (ours) => ours !== undefined);
    if (isThere && !isOurs) return [];
    const verdict = isOurs ? accepted(policy) : notFound(`Gateway ${namespace}/${name}`);
    const ancestorRef = { group: gatewayGroup, kind: "Gateway", namespace, name };
    return [targetAncestorOf(ancestorRef, settings.controllerName, [conditionOf("Accepted", verdict, generation)])];
  });
}

function ofBackends(policy: AccessPolicy, { backends, settings, read }: Place): OwnAncestor[] {
  const { namespace, generation = 0 } = policy.metadata;
  return backendsOf(policy).map((name) => {
    const isThere = isBackendThere({ namespace, name }, backends, read);
    const verdict = isThere ? accepted(policy) : notFound(`XBackend ${namespace}/${name}`);
    const ancestorRef = { group: experimentalGroup, kind: "XBackend", namespace, name };
    return targetAncestorOf(ancestorRef, settings.controllerName, [conditionOf("Accepted", verdict, generation)]);
  });
}

function isBackendThere({ namespace, name }: NamespacedName, backends: Collection<XBackend>, read: Reader): boolean {
  const key = objectKey({ group: experimentalGroup, kind: "XBackend", namespace, name });
  return read.pick(backends, key, (found) => found !== undefined);
}

const notFound = (what: string): ConditionVerdict => ({
  status: "False",
  reason: "TargetNotFound",
  message: `There is no ${what}`,
});

const noMesh: ConditionVerdict = {
  status: "False",
  reason: "NoMesh",
  message: NO_MESH,
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
