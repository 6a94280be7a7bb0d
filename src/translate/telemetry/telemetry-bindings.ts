/**
 * Where XTelemetryPolicies are in force: of several for one Gateway, or for one audience of the mesh, one is, as a whole. Its collector is
 * resolved as the backends of routes are.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { MeshTelemetry, Tracing } from "../../model/index.ts";
import { experimentalGroup, type ObjectKey, type XTelemetryPolicy } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { backendLookup, type BackendSources, readsOfLookup } from "../backends/backend-lookup.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import { resolveBackend } from "../backends/resolve-backend.ts";
import { httpBackendsOf } from "../http/http-backends.ts";
import { comparePolicies } from "../policies/precedence.ts";
import type { ReferenceProblem, RuleNotice } from "../rules/route-rules.ts";
import { RuleScope } from "../rules/rule-scope.ts";
import type { TelemetryClaim } from "./telemetry-claims.ts";
import { tracingOf } from "./tracing.ts";

export interface TelemetryBinding extends BackendUser, Pick<TelemetryClaim, "audience"> {
  /** The target of the claims. */
  readonly key: string;
  readonly policy: ObjectKey;
  /** "namespace/name" of the policy. */
  readonly name: string;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  readonly resolvedRefs: Verdict;
  readonly problems: readonly ReferenceProblem[];
  readonly notices: readonly RuleNotice[];
}

export function deriveTelemetryBindings(
  graph: Graph,
  claims: Collection<TelemetryClaim>,
  sources: BackendSources,
): Collection<TelemetryBinding> {
  const byTarget = graph.groups<TelemetryClaim>({
    name: "translate/TelemetryTargets",
    of: claims,
    by: ({ target, refusal }) => (refusal ? [] : [target]),
  });
  const policies = sources.inputs.telemetryPolicies;
  return graph.derive({
    name: "translate/TelemetryBindings",
    key: (binding: TelemetryBinding) => binding.key,
    from: byTarget,
    reads: [policies, ...readsOfLookup(sources)],
    map: ({ members }: Group<TelemetryClaim>, read) => {
      const [winner] = [...members].sort(comparePolicies);
      const policy = winner && read.get(policies, winner.policy);
      return winner && policy ? [bindingOf(policy, winner, sources, read)] : [];
    },
  });
}

/** What the proxies of workloads tell, of what is in force in the mesh. */
export const deriveMeshTelemetry = (graph: Graph, bindings: Collection<TelemetryBinding>): Collection<MeshTelemetry> =>
  graph.derive({
    name: "translate/MeshTelemetry",
    key: (telemetry: MeshTelemetry) => telemetry.key,
    from: bindings,
    map: ({ audience, tracing }) => (audience === undefined ? [] : [{ key: audience, ...(tracing && { tracing }) }]),
  });

function bindingOf(
  policy: XTelemetryPolicy,
  { target, policy: key, audience, gateway }: TelemetryClaim,
  sources: BackendSources,
  read: Reader,
): TelemetryBinding {
  const { namespace, name } = policy.metadata;
  const scope = new RuleScope();
  const from = { group: experimentalGroup, kind: "XTelemetryPolicy", namespace };
  const look = backendLookup(from, "TCP", gateway, sources, read);
  const backends = httpBackendsOf((reference) => scope.note(resolveBackend(reference, namespace, look)), scope, false);
  // Of a workload, its proxy knows the name.
  const serviceName = audience === undefined ? `${gateway.name}.${gateway.namespace}` : undefined;
  const tracing = tracingOf(policy.spec.tracing, serviceName, {
    // A collector takes gRPC unless it says that it speaks plain HTTP.
    protocolOf: (reference) => {
      const resolution = resolveBackend(reference, namespace, look);
      return resolution.kind === "resolved" && resolution.protocol?.http === "http" ? "http" : "grpc";
    },
    backends,
  });
  return {
    key: target,
    policy: key,
    name: `${namespace}/${name}`,
    gateway,
    ...(audience !== undefined && { audience }),
    ...(tracing && { tracing }),
    ...scope.uses(),
    streamBackends: [],
    resolvedRefs: scope.resolvedRefs(),
    problems: scope.problems,
    notices: scope.notices,
  };
}
