/**
 * What each targetRef of an XTelemetryPolicy stands for. The Gateway API has Gateways alone; for the mesh there are targets of ours
 * (docs/decisions/mesh-telemetry.md), each an audience of its proxies:
 *
 *   XMesh           all workloads of the mesh: for policies of the installation's namespace
 *   Namespace       the workloads of the policy's own namespace
 *   ServiceAccount  those that run as it, in the policy's namespace
 *
 * What is somebody else's, or no target at all, makes no claim.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { ALL_SIDECARS, MESH, type NamespacedName, type ProxyKey, sidecarKey, sidecarsOf } from "../../model/index.ts";
import {
  experimentalGroup,
  gatewayGroup,
  type LocalObjectReference,
  objectKey,
  type ObjectKey,
  objectKeyOf,
  type ParentReference,
  type XMesh,
  type XTelemetryPolicy,
} from "../../resources/index.ts";
import { NO_MESH } from "../access/workload-access-findings.ts";
import type { Verdict } from "../attachment.ts";
import { gatewayKeyOf, type ManagedGateway } from "../gateways/managed-gateways.ts";
import type { RankedPolicy } from "../policies/precedence.ts";
import type { TranslateSettings } from "../settings.ts";

export interface TelemetryClaim extends RankedPolicy {
  /** `<policy>|<position in targetRefs>`. */
  readonly key: string;
  readonly policy: ObjectKey;
  readonly index: number;
  /** What one policy alone can be in force for: the object key of a Gateway, or an audience of the mesh. */
  readonly target: string;
  /** Of a target in the mesh. */
  readonly audience?: ProxyKey;
  /** The Gateway, or the mesh. */
  readonly gateway: NamespacedName;
  /** The target, as the policy's status names it. */
  readonly ancestor: ParentReference;
  /** Why the policy can never be in force for the target. */
  readonly refusal?: Verdict;
}

export interface ClaimSources {
  readonly policies: Collection<XTelemetryPolicy>;
  readonly gateways: Collection<ManagedGateway>;
  readonly meshes: Collection<XMesh>;
  readonly mesh: TranslateSettings["mesh"];
}

export const deriveTelemetryClaims = (graph: Graph, sources: ClaimSources): Collection<TelemetryClaim> =>
  graph.derive({
    name: "translate/TelemetryClaims",
    key: (claim: TelemetryClaim) => claim.key,
    from: sources.policies,
    reads: [sources.gateways, sources.meshes],
    map: (policy, read) => {
      const { namespace, name, creationTimestamp } = policy.metadata;
      const rank = { namespace, name, ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }) };
      const object = objectKeyOf(policy);
      return policy.spec.targetRefs.flatMap((target, index, all) => {
        const isSaidBefore = all.findIndex((other) => isSame(other, target)) < index;
        const aim = isSaidBefore ? undefined : aimOf(target, namespace, sources, read);
        return aim ? [{ key: `${object}|${index}`, policy: object, index, ...rank, ...aim }] : [];
      });
    },
  });

const isSame = (a: LocalObjectReference, b: LocalObjectReference): boolean =>
  a.group === b.group && a.kind === b.kind && a.name === b.name;

export const isTelemetryTarget = ({ group, kind }: LocalObjectReference): boolean =>
  (group === gatewayGroup && kind === "Gateway") ||
  (group === experimentalGroup && kind === "XMesh") ||
  (group === "" && (kind === "Namespace" || kind === "ServiceAccount"));

type Aim = Pick<TelemetryClaim, "target" | "audience" | "gateway" | "ancestor" | "refusal">;

function aimOf(target: LocalObjectReference, namespace: string, sources: ClaimSources, read: Reader): Aim | undefined {
  if (!isTelemetryTarget(target)) return undefined;
  switch (target.kind) {
    case "Gateway":
      return gatewayAim({ namespace, name: target.name }, sources, read);
    case "XMesh":
      return meshAim(target.name, namespace, sources, read);
    case "Namespace":
      return workloadsAim(
        sidecarsOf(target.name),
        { group: "", kind: "Namespace", name: target.name },
        sources.mesh ? ownNamespace(target.name, namespace) : noMesh,
      );
    default:
      return workloadsAim(
        sidecarKey(namespace, target.name),
        { group: "", kind: "ServiceAccount", namespace, name: target.name },
        sources.mesh ? undefined : noMesh,
      );
  }
}

function gatewayAim(named: NamespacedName, { gateways }: ClaimSources, read: Reader): Aim | undefined {
  const target = gatewayKeyOf(named);
  if (!read.pick(gateways, target, (found) => found !== undefined)) return undefined;
  return { target, gateway: named, ancestor: { group: gatewayGroup, kind: "Gateway", ...named } };
}

/** Of an XMesh that is not there, only who has installed Trilith can mean ours. */
function meshAim(name: string, namespace: string, { meshes, mesh }: ClaimSources, read: Reader): Aim | undefined {
  if (mesh === undefined) return undefined;
  const isHome = namespace === mesh.namespace;
  const key = objectKey({ group: experimentalGroup, kind: "XMesh", name });
  const controller = read.pick(meshes, key, (found) => found?.spec.controllerName);
  const aim = (refusal?: Verdict): Aim =>
    workloadsAim(ALL_SIDECARS, { group: experimentalGroup, kind: "XMesh", name }, refusal);
  if (controller === undefined && isHome) return aim(no("TargetNotFound", `There is no XMesh ${name}`));
  if (controller !== mesh.controllerName) return undefined;
  if (isHome) return aim();
  const home = `namespace ${mesh.namespace}, where Trilith is installed`;
  return aim(no("Invalid", `Only policies in ${home}, are about the mesh as a whole`));
}

const workloadsAim = (audience: ProxyKey, ancestor: ParentReference, refusal?: Verdict): Aim => ({
  target: audience,
  audience,
  gateway: MESH,
  ancestor,
  ...(refusal && { refusal }),
});

const ownNamespace = (name: string, namespace: string): Verdict | undefined =>
  name === namespace
    ? undefined
    : no("Invalid", `A policy is about the workloads of its own namespace ${namespace}, and not of ${name}`);

const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });

const noMesh: Verdict = no("NoMesh", NO_MESH);
