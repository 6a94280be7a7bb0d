/**
 * Statuses of the XMeshes that name our controller. They have nothing to set: one that names parameters is refused, rather than
 * served without them.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-3949/
 */
import type { Collection, Graph } from "../../collections/index.ts";
import { compareText, experimentalGroup, kinds, objectKeyOf, type XMesh } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { conditionOf } from "../conditions.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { TranslateSettings } from "../settings.ts";

export interface MeshStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveMeshStatuses(
  graph: Graph,
  meshes: Collection<XMesh>,
  { mesh }: Pick<TranslateSettings, "mesh">,
): MeshStatuses {
  const supportedFeatures = [...new Set(mesh?.features ?? [])].sort(compareText).map((name) => ({ name }));
  const isOurs = ({ spec }: XMesh): boolean => mesh !== undefined && spec.controllerName === mesh.controllerName;
  return {
    statuses: graph.derive({
      name: "translate/MeshStatuses",
      key: (status: ObjectStatus) => status.key,
      from: meshes,
      map: (object) => {
        const { name, generation = 0 } = object.metadata;
        if (!isOurs(object)) return [];
        return [
          {
            key: objectKeyOf(object),
            apiVersion: `${experimentalGroup}/${kinds.XMesh.versions[0]}`,
            kind: "XMesh",
            name,
            generation,
            status: { conditions: [conditionOf("Accepted", verdictOf(object), generation)], supportedFeatures },
          },
        ];
      },
    }),
    findings: graph.derive({
      name: "translate/MeshFindings",
      key: (finding: Finding) => finding.key,
      from: meshes,
      map: (object) => {
        const { status, message } = verdictOf(object);
        if (status === "True" || !isOurs(object)) return [];
        return [
          findingOf({
            object: objectKeyOf(object),
            severity: "error",
            code: "mesh-invalid-parameters",
            path: "spec.parametersRef",
            message,
            advice: "Remove spec.parametersRef",
          }),
        ];
      },
    }),
  };
}

function verdictOf({ spec: { parametersRef } }: XMesh): Verdict {
  if (parametersRef === undefined) return { status: "True", reason: "Accepted", message: "Trilith serves this mesh" };
  const { kind, name } = parametersRef;
  return {
    status: "False",
    reason: "InvalidParameters",
    message: `Trilith has no parameters for a mesh, and ${kind} ${name} is named`,
  };
}
