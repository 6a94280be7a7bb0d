/** What of an AccessPolicy does something else at workloads than somebody may think: their connections need not be known to be HTTP. */
import { isAboutHttp } from "../../model/index.ts";
import { type AccessPolicy, type AccessPolicyRule, objectKeyOf } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import { accountsOf } from "./derive-access.ts";

export const NO_MESH = "There is no mesh, so that nobody keeps to the policy";

/** None of a policy that is about Gateways alone. */
export function workloadFindings(policy: AccessPolicy, isMesh: boolean): Finding[] {
  if (accountsOf(policy)?.length === 0) return [];
  if (!isMesh) return [withoutMesh(policy)];
  const { action, rules = [] } = policy.spec;
  return rules.flatMap((rule, index) =>
    action === "Allow" ? allowsNothing(policy, rule, index) : deniesBytes(policy, rule, index),
  );
}

const withoutMesh = (policy: AccessPolicy): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "error",
    code: "access-policy-no-mesh",
    path: "spec",
    message: NO_MESH,
    advice: "Install Trilith with its mesh; for callers of a Gateway, name the Gateway as a target",
  });

function deniesBytes(policy: AccessPolicy, { sources, requests = [] }: AccessPolicyRule, index: number): Finding[] {
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
