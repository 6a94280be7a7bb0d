/** GatewayParameters as a class or a Gateway refers to them. */
import type { Collection, Reader } from "../../collections/index.ts";
import {
  type GatewayParameters,
  type GatewayParametersSpec,
  objectKey,
  type ParametersReference,
  trilithGroup,
} from "../../resources/index.ts";
import { overlayProblem } from "./overlay-problem.ts";

/** What a reference leads to, if there is one, or why it leads nowhere, or to what cannot be had. */
export function findParameters(
  reference: ParametersReference | undefined,
  gatewayParameters: Collection<GatewayParameters>,
  read: Reader,
): { readonly parameters?: GatewayParametersSpec; readonly problem?: string } {
  if (reference === undefined) return {};
  const { group, kind, namespace, name } = reference;
  if (group !== trilithGroup || kind !== "GatewayParameters")
    return { problem: `Trilith has no parameters of kind ${kind}${group === "" ? "" : `.${group}`}` };
  if (namespace === undefined) return { problem: `parametersRef names no namespace of GatewayParameters ${name}` };
  const found = read.get(gatewayParameters, objectKey({ group, kind, namespace, name }));
  if (found === undefined) return { problem: `There is no valid GatewayParameters ${namespace}/${name}` };
  const problem = overlayProblem(found.spec.overlays);
  if (problem !== undefined) return { problem: `GatewayParameters ${namespace}/${name}: ${problem}` };
  return { parameters: found.spec };
}
