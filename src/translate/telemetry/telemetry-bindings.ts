/**
 * Where XTelemetryPolicies meet Gateways: of several for one Gateway, one is in force as a whole. Its collector is resolved as
 * the backends of routes are.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { Tracing } from "../../model/index.ts";
import {
  experimentalGroup,
  gatewayGroup,
  objectKey,
  type ObjectKey,
  objectKeyOf,
  type XTelemetryPolicy,
} from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { backendLookup, type BackendSources, readsOfLookup } from "../backends/backend-lookup.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import { resolveBackend } from "../backends/resolve-backend.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import { httpBackendsOf } from "../http/http-backends.ts";
import { comparePolicies } from "../policies/precedence.ts";
import type { ReferenceProblem, RuleNotice } from "../rules/route-rules.ts";
import { RuleScope } from "../rules/rule-scope.ts";
import { tracingOf } from "./tracing.ts";

export interface TelemetryBinding extends BackendUser {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  readonly policy: ObjectKey;
  /** "namespace/name" of the policy. */
  readonly name: string;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  readonly resolvedRefs: Verdict;
  readonly problems: readonly ReferenceProblem[];
  readonly notices: readonly RuleNotice[];
}

/** The Gateways that a policy names: those of its own namespace. */
export function targetsOfPolicy({ metadata, spec }: XTelemetryPolicy): ObjectKey[] {
  const { namespace } = metadata;
  const gateways = spec.targetRefs.filter(({ group, kind }) => group === gatewayGroup && kind === "Gateway");
  const keys = gateways.map(({ name }) => objectKey({ group: gatewayGroup, kind: "Gateway", namespace, name }));
  return [...new Set(keys)];
}

export function deriveTelemetryBindings(
  graph: Graph,
  gateways: Collection<ManagedGateway>,
  sources: BackendSources,
): Collection<TelemetryBinding> {
  const byGateway = graph.groups<XTelemetryPolicy>({
    name: "translate/TelemetryTargets",
    of: sources.inputs.telemetryPolicies,
    by: targetsOfPolicy,
  });
  return graph.derive({
    name: "translate/TelemetryBindings",
    key: (binding: TelemetryBinding) => binding.key,
    from: byGateway,
    reads: [gateways, ...readsOfLookup(sources)],
    map: ({ key, members }: Group<XTelemetryPolicy>, read) => {
      const gateway = read.pick(gateways, key, (found) => found && { namespace: found.namespace, name: found.name });
      const [winner] = [...members].sort((a, b) => comparePolicies(rankOf(a), rankOf(b)));
      if (gateway === undefined || winner === undefined) return [];
      return [bindingOf(winner, key as ObjectKey, gateway, sources, read)];
    },
  });
}

const rankOf = ({ metadata: { namespace, name, creationTimestamp } }: XTelemetryPolicy) => ({
  namespace,
  name,
  ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
});

function bindingOf(
  policy: XTelemetryPolicy,
  key: ObjectKey,
  gateway: TelemetryBinding["gateway"],
  sources: BackendSources,
  read: Reader,
): TelemetryBinding {
  const { namespace, name } = policy.metadata;
  const scope = new RuleScope();
  const from = { group: experimentalGroup, kind: "XTelemetryPolicy", namespace };
  const look = backendLookup(from, "TCP", gateway, sources, read);
  const backends = httpBackendsOf((reference) => scope.note(resolveBackend(reference, namespace, look)), scope, false);
  const tracing = tracingOf(policy.spec.tracing, `${gateway.name}.${gateway.namespace}`, {
    // A collector takes gRPC unless it says that it speaks plain HTTP.
    protocolOf: (reference) => {
      const resolution = resolveBackend(reference, namespace, look);
      return resolution.kind === "resolved" && resolution.protocol?.http === "http" ? "http" : "grpc";
    },
    backends,
  });
  return {
    key,
    policy: objectKeyOf(policy),
    name: `${namespace}/${name}`,
    gateway,
    ...(tracing && { tracing }),
    ...scope.uses(),
    streamBackends: [],
    resolvedRefs: scope.resolvedRefs(),
    problems: scope.problems,
    notices: scope.notices,
  };
}
