/**
 * What GatewayParameters say for each Gateway: those that its class refers to, and over them, field by field, those that it
 * refers to itself. What is absent in one is left to the other; the fields of `service` and of `envoy` are each for themselves,
 * every other field is one. Overlays are both laid over what is made, the Gateway's last. Listeners are derived from `hosts`, and
 * so it stands apart from what the rest is for: the pods and the Service, which are as they are whatever it says.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type {
  GatewayParameters,
  GatewayParametersSpec,
  HostsParameter,
  ObjectKey,
  Overlays,
} from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { TranslateSettings } from "../settings.ts";
import { findParameters } from "./find-parameters.ts";
import type { OwnClass } from "./gateway-classes.ts";
import { classKeyOf, type ManagedGateway } from "./managed-gateways.ts";

export interface ParametersOfGateway {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  /** Without `overlays` and `hosts`, which follow. */
  readonly parameters: Omit<GatewayParametersSpec, "overlays" | "hosts">;
  /** In the order in which they are laid over what is made: those of the class, those of the Gateway. */
  readonly overlays: readonly Overlays[];
  /** Absent: Few, and so where there is a problem. */
  readonly hosts?: HostsParameter;
  readonly problem?: ParametersProblem;
}

type Parameters = ParametersOfGateway["parameters"];

export interface ParametersProblem {
  readonly reason: "InvalidParameters";
  readonly message: string;
  readonly path: string;
}

export function deriveParameters(
  graph: Graph,
  gateways: Collection<ManagedGateway>,
  classes: Collection<OwnClass>,
  gatewayParameters: Collection<GatewayParameters>,
): Collection<ParametersOfGateway> {
  return graph.derive({
    name: "translate/Parameters",
    key: ({ key }: ParametersOfGateway) => key,
    from: gateways,
    reads: [classes, gatewayParameters],
    map: ({ key, namespace, spec }, read) => {
      const refuse = (message: string, path: string): ParametersOfGateway[] => [
        { key, parameters: {}, overlays: [], problem: { reason: "InvalidParameters", message, path } },
      ];
      const { refused, ofClass } = read.pick(classes, classKeyOf(spec), (own) => ({
        refused: own?.accepted.status === "False" ? own.accepted.message : undefined,
        ofClass: own?.parameters ?? {},
      }));
      if (refused !== undefined)
        return refuse(`GatewayClass ${spec.gatewayClassName} is not accepted: ${refused}`, "spec.gatewayClassName");
      const reference = spec.infrastructure?.parametersRef;
      const found = findParameters(reference && { ...reference, namespace }, gatewayParameters, read);
      if (found.problem !== undefined) return refuse(found.problem, "spec.infrastructure.parametersRef");
      const { overlays: classOverlays, hosts: classHosts, ...classParameters } = ofClass;
      const { overlays: ownOverlays, hosts = classHosts, ...ownParameters } = found.parameters ?? {};
      return [
        {
          key,
          parameters: mergeParameters(classParameters, ownParameters),
          overlays: [...(classOverlays ? [classOverlays] : []), ...(ownOverlays ? [ownOverlays] : [])],
          ...(hosts && { hosts }),
        },
      ];
    },
  });
}

/** Where Gateways share the Envoy of a machine, nothing is made that parameters could be of; `hosts` counts there, too. */
export function deriveParametersFindings(
  graph: Graph,
  parameters: Collection<ParametersOfGateway>,
  { addresses }: TranslateSettings,
): Collection<Finding> {
  return graph.derive({
    name: "translate/ParametersFindings",
    key: (finding: Finding) => finding.key,
    from: parameters,
    map: ({ key, parameters: stated, overlays }) => {
      if (addresses === "service" || Object.keys(stated).length + overlays.length === 0) return [];
      const code = "parameters-without-effect";
      const message = "Of GatewayParameters, only hosts counts here: Gateways share the one Envoy of this machine";
      return [findingOf({ object: key, severity: "warning", code, message })];
    },
  });
}

/** `own` wins. */
function mergeParameters(ofClass: Parameters, own: Parameters): Parameters {
  const service = { ...ofClass.service, ...own.service };
  const envoy = { ...ofClass.envoy, ...own.envoy };
  return {
    ...ofClass,
    ...own,
    ...((ofClass.service ?? own.service) && { service }),
    ...((ofClass.envoy ?? own.envoy) && { envoy }),
  };
}
