/**
 * One BackendTLSPolicy on its own: what it targets, whether its references resolve, and the TLS it asks for. Conflicts
 * with other policies are decided where targets meet (tls-bindings).
 *
 * https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/
 */
import type { BackendTls, TrustBundle } from "../../model/index.ts";
import { trustBundleKey } from "../../model/index.ts";
import type {
  BackendTLSPolicy,
  BackendTLSPolicyValidation,
  LocalObjectReference,
  ObjectKey,
} from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { authorityOf, unknownAuthority } from "../authority-reference.ts";
import type { RuleNotice } from "../rules/route-rules.ts";

/** What a driver found in a ConfigMap or ClusterTrustBundle; absent: the object is not there. */
export type TrustLookup = (
  object: ObjectKey,
) => { readonly certificates?: string; readonly problem?: string } | undefined;

export interface ResolvedValidation {
  readonly accepted: Verdict;
  readonly resolvedRefs: Verdict;
  /** Absent: no connection may be made. */
  readonly tls?: BackendTls;
  readonly bundle?: TrustBundle;
}

/** Resolves the validation of a policy, or of an XBackend, in `namespace`. */
export function resolveValidation(
  validation: BackendTLSPolicyValidation,
  namespace: string,
  trust: TrustLookup,
): ResolvedValidation {
  const common = {
    hostname: validation.hostname,
    subjectAltNames: (validation.subjectAltNames ?? []).map((san) => ({
      type: san.type,
      value: (san.type === "URI" ? san.uri : san.hostname) ?? "",
    })),
  };
  const wellKnown = validation.wellKnownCACertificates;
  if (wellKnown === "System")
    return { accepted: ACCEPTED, resolvedRefs: RESOLVED, tls: { ...common, trust: { kind: "system" } } };
  if (wellKnown !== undefined && wellKnown !== "") {
    return {
      accepted: no("Invalid", `wellKnownCACertificates "${wellKnown}" is not supported; Trilith knows System`),
      resolvedRefs: RESOLVED,
    };
  }
  const found = (validation.caCertificateRefs ?? []).map((reference) => lookUp(reference, namespace, trust));
  const problem = found.find((f) => "reason" in f);
  const resolvedRefs = problem && "reason" in problem ? no(problem.reason, problem.message) : RESOLVED;
  const valid = found.filter((f) => "certificates" in f);
  if (valid.length === 0)
    return { accepted: no("NoValidCACertificate", "no reference to CA certificates can be used"), resolvedRefs };
  const bundle = {
    key: trustBundleKey(valid.map((f) => f.part)),
    certificates: valid.map((f) => f.certificates).join("\n"),
  };
  return {
    accepted: ACCEPTED,
    resolvedRefs,
    tls: { ...common, trust: { kind: "bundle", bundle: bundle.key } },
    bundle,
  };
}

type Found =
  | { readonly part: string; readonly certificates: string }
  | { readonly reason: string; readonly message: string };

function lookUp(reference: LocalObjectReference, namespace: string, trust: TrustLookup): Found {
  const authority = authorityOf(reference, namespace);
  if (authority === undefined)
    return { reason: "InvalidKind", message: `CA certificates of kind ${unknownAuthority(reference)}` };
  const { key, label, part } = authority;
  const fact = trust(key);
  if (fact?.certificates !== undefined) return { part, certificates: fact.certificates };
  const why = fact === undefined ? "does not exist" : (fact.problem ?? "has no certificate");
  return { reason: "InvalidCACertificateRef", message: `${label} ${why}` };
}

export interface PolicyResult extends ResolvedValidation {
  /** The policy's object key. */
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; without one, the policy counts as the newest. */
  readonly createdAt?: string;
  readonly generation: number;
  readonly targets: readonly PolicyTarget[];
  /** What of the policy has no effect. */
  readonly notices: readonly RuleNotice[];
}

export interface PolicyTarget {
  readonly service: string;
  /** The Service port's name; absent: all ports. */
  readonly sectionName?: string;
  /** Position in `spec.targetRefs`. */
  readonly index: number;
}

/** The key under which policies for the same target meet. */
export const targetKey = (namespace: string, target: Omit<PolicyTarget, "index">): string =>
  `${namespace}/${target.service}${target.sectionName === undefined ? "" : `#${target.sectionName}`}`;

export function policyResultOf(policy: BackendTLSPolicy, key: ObjectKey, trust: TrustLookup): PolicyResult {
  const { name, namespace, creationTimestamp, generation = 0 } = policy.metadata;
  return {
    key,
    namespace,
    name,
    ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
    generation,
    targets: policy.spec.targetRefs.flatMap((target, index) =>
      isService(target)
        ? [
            {
              service: target.name,
              index,
              ...(target.sectionName !== undefined && { sectionName: target.sectionName }),
            },
          ]
        : [],
    ),
    notices: noticesOf(policy.spec),
    ...resolveValidation(policy.spec.validation, namespace, trust),
  };
}

const isService = ({ group, kind }: LocalObjectReference): boolean => group === "" && kind === "Service";

function noticesOf({ targetRefs, options = {} }: BackendTLSPolicy["spec"]): RuleNotice[] {
  const foreign = targetRefs.flatMap((target, index): RuleNotice[] => {
    if (isService(target)) return [];
    return [
      {
        code: "policy-target-not-supported",
        path: `spec.targetRefs[${index}]`,
        message: `a ${target.kind} is no target of a BackendTLSPolicy; only Services are`,
        advice: "Name a Service; an XBackend states TLS in its own spec.tls",
      },
    ];
  });
  const unknown = Object.keys(options).map((option) => ({
    code: "policy-option-not-supported",
    path: `spec.options[${option}]`,
    message: `Trilith knows no option ${option}, so it has no effect`,
    advice: "Take it out",
  }));
  return [...foreign, ...unknown];
}

const ACCEPTED: Verdict = { status: "True", reason: "Accepted", message: "The policy is in force" };
const RESOLVED: Verdict = { status: "True", reason: "ResolvedRefs", message: "Every reference resolves" };
const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
