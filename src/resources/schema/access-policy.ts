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
import { experimentalGroup, gatewayGroup } from "../kinds.ts";
import { hostname, list, named, namespaceName, object, oneOf, portNumber, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, httpMethod, plainPath, spiffeIdentity } from "./pattern.ts";
import { type Rule, violationIf } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { policyStatus } from "./status.ts";

const GROUPS: Readonly<Record<AccessTarget["kind"], string>> = {
  ServiceAccount: "",
  Gateway: gatewayGroup,
  XBackend: experimentalGroup,
};

const target: Schema<AccessTarget> = object<AccessTarget>(
  {
    group: oneOf<string>(["", gatewayGroup, experimentalGroup]),
    kind: oneOf(["ServiceAccount", "Gateway", "XBackend"]),
    name: named(dnsSubdomain, 253),
  },
  ["group", "kind", "name"],
  {
    rules: [
      {
        id: 'group must be "" for a ServiceAccount, gateway.networking.k8s.io for a Gateway, and gateway.networking.x-k8s.io for an XBackend',
        find: ({ group, kind }) =>
          violationIf(
            group !== GROUPS[kind],
            `is not the group of ${kind === "XBackend" ? "an" : "a"} ${kind}`,
            ["group"],
            `Write "${GROUPS[kind]}"`,
          ),
      },
    ],
  },
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
    hostnames: list<string>(hostname, { minItems: 1, maxItems: 16 }),
    paths: list<AccessPolicyPath>(path, { minItems: 1, maxItems: 16 }),
    ports: list<number>(portNumber, { minItems: 1, maxItems: 32 }),
  },
  [],
  {
    rules: [
      {
        id: "at least one of methods, hostnames, paths and ports must be set",
        find: ({ methods, hostnames, paths, ports }) =>
          violationIf(
            [methods, hostnames, paths, ports].every((each) => each === undefined),
            "must have at least one of methods, hostnames, paths and ports",
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

const hostnamesOfGateways: Rule<AccessPolicySpec> = {
  id: "hostnames can only be set when every target is a Gateway",
  find: ({ targetRefs = [], rules = [] }) => {
    const isOfGateways = targetRefs.length > 0 && targetRefs.every(({ kind }) => kind === "Gateway");
    return rules.flatMap(({ requests = [] }, rule) =>
      requests.flatMap(({ hostnames }, index) =>
        violationIf(
          hostnames !== undefined && !isOfGateways,
          "goes with Gateways as targets only: callers of a workload choose hostnames as they like",
          ["rules", rule, "requests", index, "hostnames"],
        ),
      ),
    );
  },
};

const portsOfBackends: Rule<AccessPolicySpec> = {
  id: "ports can only be set when no target is an XBackend",
  find: ({ targetRefs = [], rules = [] }) => {
    const isOfBackends = targetRefs.some(({ kind }) => kind === "XBackend");
    return rules.flatMap(({ requests = [] }, rule) =>
      requests.flatMap(({ ports }, index) =>
        violationIf(
          ports !== undefined && isOfBackends,
          "does not go with XBackends as targets, which have one port each",
          ["rules", rule, "requests", index, "ports"],
        ),
      ),
    );
  },
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
      { rules: [denyStatesRules, hostnamesOfGateways, portsOfBackends] },
    ),
    status: policyStatus,
  },
  ["spec"],
);
