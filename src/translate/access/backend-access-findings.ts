/** What of an AccessPolicy does less at its XBackends than somebody may think. */
import { type AccessPolicy, objectKeyOf } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import { backendsOf } from "./derive-backend-access.ts";

export function backendFindings(policy: AccessPolicy, isThere: (backend: string) => boolean): Finding[] {
  const { namespace } = policy.metadata;
  const { targetRefs = [] } = policy.spec;
  return backendsOf(policy).flatMap((name) => {
    if (isThere(name)) return [];
    const index = targetRefs.findIndex((target) => target.kind === "XBackend" && target.name === name);
    return [
      findingOf({
        object: objectKeyOf(policy),
        severity: "error",
        code: "access-policy-target-not-found",
        path: `spec.targetRefs[${index}]`,
        message: `there is no XBackend ${namespace}/${name}`,
        advice: "Name an XBackend of the policy's own namespace",
      }),
    ];
  });
}
