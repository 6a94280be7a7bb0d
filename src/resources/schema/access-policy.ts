/** The schema of AccessPolicy; charts/trilith/crds says the same to API servers, and a test holds the two equal. */
import type {
  AccessPolicy,
  AccessPolicyPath,
  AccessPolicyRequest,
  AccessPolicyRule,
  AccessPolicySource,
  AccessPolicySpec,
  AccessTarget,
} from "../types/access-policy.ts";
import { list, named, namespaceName, object, oneOf, portNumber, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, httpMethod, plainPath, spiffeIdentity } from "./pattern.ts";
import { type Rule, violationIf } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { policyStatus } from "./status.ts";

const target: Schema<AccessTarget> = object<AccessTarget>(
  { group: oneOf([""]), kind: oneOf(["ServiceAccount"]), name: named(dnsSubdomain, 253) },
  ["group", "kind", "name"],
);

/** Of a source: the field that goes with a type, and with no other. */
function goesWith(
  field: "namespace" | "serviceAccount" | "identity",
  type: AccessPolicySource["type"],
): Rule<AccessPolicySource> {
  return {
    id: `${field} must be set when type is ${type}, and only then`,
    find: (source) => {
      const isStated = source[field] !== undefined;
      if (source.type === type) return violationIf(!isStated, `says nothing without ${field}`, [], `Set "${field}"`);
      return violationIf(isStated, `does not go with type ${source.type}`, [field]);
    },
  };
}

const source: Schema<AccessPolicySource> = object<AccessPolicySource>(
  {
    type: oneOf(["Mesh", "Outside", "Namespace", "ServiceAccount", "Identity"]),
    namespace: namespaceName,
    serviceAccount: object<NonNullable<AccessPolicySource["serviceAccount"]>>(
      { namespace: namespaceName, name: named(dnsSubdomain, 253) },
      ["namespace", "name"],
    ),
    identity: string({ maxLength: 2048, pattern: spiffeIdentity }),
  },
  ["type"],
  {
    rules: [
      goesWith("namespace", "Namespace"),
      goesWith("serviceAccount", "ServiceAccount"),
      goesWith("identity", "Identity"),
    ],
  },
);

const path: Schema<AccessPolicyPath> = object<AccessPolicyPath>(
  { type: oneOf(["Exact", "PathPrefix"]), value: string({ maxLength: 512, pattern: plainPath }) },
  ["type", "value"],
  {
    rules: [
      {
        id: "value must have no empty segments and none of dots alone",
        find: ({ value }) =>
          violationIf(
            /\/\/|\/\.{1,2}(\/|$)/.test(value),
            `${JSON.stringify(value)} can be read in two ways: it has an empty segment, or one of dots alone`,
            ["value"],
          ),
      },
    ],
  },
);

const request: Schema<AccessPolicyRequest> = object<AccessPolicyRequest>(
  {
    methods: list<string>(named(httpMethod, 32), { minItems: 1, maxItems: 16 }),
    paths: list<AccessPolicyPath>(path, { minItems: 1, maxItems: 16 }),
    ports: list<number>(portNumber, { minItems: 1, maxItems: 32 }),
  },
  [],
  {
    rules: [
      {
        id: "at least one of methods, paths and ports must be set",
        find: ({ methods, paths, ports }) =>
          violationIf(
            methods === undefined && paths === undefined && ports === undefined,
            "must have at least one of methods, paths and ports",
          ),
      },
    ],
  },
);

const denyStatesRules: Rule<AccessPolicySpec> = {
  id: "rules must be set when action is Deny",
  find: ({ action, rules }) =>
    violationIf(action === "Deny" && rules === undefined, "denies nothing without rules", [], 'Set "rules"'),
};

export const accessPolicySchema: Schema<AccessPolicy> = object<AccessPolicy>(
  {
    apiVersion: string(),
    kind: oneOf(["AccessPolicy"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<AccessPolicySpec>(
      {
        targetRefs: list<AccessTarget>(target, { minItems: 1, maxItems: 16 }),
        action: oneOf(["Allow", "Deny"], { default: "Allow" }),
        mode: oneOf(["Enforce", "Audit"], { default: "Enforce" }),
        rules: list<AccessPolicyRule>(
          object<AccessPolicyRule>({
            sources: list<AccessPolicySource>(source, { minItems: 1, maxItems: 64 }),
            requests: list<AccessPolicyRequest>(request, { minItems: 1, maxItems: 16 }),
          }),
          { minItems: 1, maxItems: 32 },
        ),
      },
      [],
      { rules: [denyStatesRules] },
    ),
    status: policyStatus,
  },
  ["spec"],
);
