/**
 * GatewayClasses that name our controller, and their statuses. A class whose parameters are not there, or are of a kind that
 * nobody knows, is refused rather than served without them.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import {
  compareText,
  gatewayGroup,
  type GatewayClass,
  type GatewayParameters,
  type GatewayParametersSpec,
  kinds,
  objectKeyOf,
  type ObjectKey,
} from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { conditionOf } from "../conditions.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { BundleFact, Inputs } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { TranslateSettings } from "../settings.ts";
import { findParameters } from "./find-parameters.ts";

export interface OwnClass {
  readonly key: ObjectKey;
  readonly name: string;
  readonly generation: number;
  readonly accepted: Verdict;
  /** For all Gateways of the class. */
  readonly parameters?: GatewayParametersSpec;
}

export interface GatewayClasses {
  readonly classes: Collection<OwnClass>;
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveGatewayClasses(
  graph: Graph,
  { gatewayClasses, gatewayParameters, bundle }: Pick<Inputs, "gatewayClasses" | "gatewayParameters" | "bundle">,
  { controllerName, features }: TranslateSettings,
): GatewayClasses {
  const classes = graph.derive({
    name: "translate/GatewayClasses",
    key: (own: OwnClass) => own.key,
    from: gatewayClasses,
    reads: [gatewayParameters],
    map: (gatewayClass, read) =>
      gatewayClass.spec.controllerName === controllerName ? [ownClassOf(gatewayClass, gatewayParameters, read)] : [],
  });
  const supportedFeatures = [...new Set(features)].sort(compareText).map((name) => ({ name }));
  const statuses = graph.derive({
    name: "translate/GatewayClassStatuses",
    key: (status: ObjectStatus) => status.key,
    from: classes,
    reads: bundle ? [bundle] : [],
    map: (own, read) => [statusOf(own, supportedVersionOf(bundle && read.get(bundle, "bundle")), supportedFeatures)],
  });
  const findings = graph.derive({
    name: "translate/GatewayClassFindings",
    key: (finding: Finding) => finding.key,
    from: classes,
    map: ({ key, accepted }) =>
      accepted.status === "True"
        ? []
        : [
            findingOf({
              object: key,
              severity: "error",
              code: "gateway-class-invalid-parameters",
              path: "spec.parametersRef",
              message: accepted.message,
              advice: "Let spec.parametersRef name GatewayParameters that exist and are right, or remove it",
            }),
          ],
  });
  return { classes, statuses, findings };
}

function ownClassOf(
  gatewayClass: GatewayClass,
  gatewayParameters: Collection<GatewayParameters>,
  read: Reader,
): OwnClass {
  const { name, generation = 0 } = gatewayClass.metadata;
  const own = { key: objectKeyOf(gatewayClass), name, generation };
  const found = findParameters(gatewayClass.spec.parametersRef, gatewayParameters, read);
  if (found.problem !== undefined)
    return { ...own, accepted: { status: "False", reason: "InvalidParameters", message: found.problem } };
  const accepted: Verdict = { status: "True", reason: "Accepted", message: "Trilith serves Gateways of this class" };
  return { ...own, accepted, ...(found.parameters && { parameters: found.parameters }) };
}

/** The schemas that Trilith holds are those of v1.7.0; patches of a minor version change none. */
const SUPPORTED_BUNDLE = /^v1\.7\.\d+$/;

/**
 * CRDs of another version are served as well as possible: what both know works.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassconditiontype
 */
function supportedVersionOf(bundle: BundleFact | undefined): Verdict {
  const { versions = ["v1.7.0"], unversioned = [] } = bundle ?? {};
  const strange = versions.filter((version) => !SUPPORTED_BUNDLE.test(version));
  if (strange.length === 0 && unversioned.length === 0)
    return { status: "True", reason: "SupportedVersion", message: `Gateway API ${versions.join(", ")} is supported` };
  const found = [
    ...(versions.length > 0 ? [`CRDs of ${versions.join(", ")}`] : []),
    ...(unversioned.length > 0 ? [`CRDs without a version (${unversioned.join(", ")})`] : []),
  ];
  const message = `Gateway API v1.7 is supported, and the cluster has ${found.join(" and ")}`;
  return { status: "False", reason: "UnsupportedVersion", message };
}

function statusOf(
  { key, name, generation, accepted }: OwnClass,
  supportedVersion: Verdict,
  supportedFeatures: readonly { readonly name: string }[],
): ObjectStatus {
  return {
    key,
    apiVersion: `${gatewayGroup}/${kinds.GatewayClass.versions[0]}`,
    kind: "GatewayClass",
    name,
    generation,
    status: {
      conditions: [
        conditionOf("Accepted", accepted, generation),
        conditionOf("SupportedVersion", supportedVersion, generation),
      ],
      supportedFeatures,
    },
  };
}
