/**
 * Where policies meet their targets: of several BackendTLSPolicies for one Service, or one port of it, the oldest is in
 * force; one that names the port comes before one that names the whole Service.
 *
 * https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/#conflict-resolution
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { BackendTls, TrustBundle } from "../../model/index.ts";
import type { ObjectKey } from "../../resources/index.ts";
import { objectKeyOf } from "../../resources/index.ts";
import type { TlsPolicy } from "../backends/resolve-backend.ts";
import type { Inputs } from "../inputs.ts";
import { comparePolicies } from "../policies/precedence.ts";
import { type PolicyResult, policyResultOf, targetKey } from "./policy-result.ts";

export interface TlsBinding {
  /** `targetKey`: "namespace/service" or "namespace/service#port name". */
  readonly key: string;
  readonly policy: ObjectKey;
  /** "namespace/name" of the policy. */
  readonly name: string;
  readonly tls?: BackendTls;
  readonly bundle?: TrustBundle;
}

export interface BackendTlsDerivations {
  readonly results: Collection<PolicyResult>;
  readonly bindings: Collection<TlsBinding>;
}

export function deriveTlsBindings(graph: Graph, inputs: Inputs): BackendTlsDerivations {
  const results = graph.derive({
    name: "translate/BackendTlsPolicies",
    key: (result: PolicyResult) => result.key,
    from: inputs.backendTlsPolicies,
    reads: [inputs.trustFacts],
    map: (policy, read) => [
      policyResultOf(policy, objectKeyOf(policy), (object) => read.get(inputs.trustFacts, object)),
    ],
  });
  const targets = graph.groups<PolicyResult>({
    name: "translate/BackendTlsTargets",
    of: results,
    by: (result) => result.targets.map((target) => targetKey(result.namespace, target)),
  });
  const bindings = graph.derive({
    name: "translate/BackendTlsBindings",
    key: (binding: TlsBinding) => binding.key,
    from: targets,
    map: ({ key, members }: Group<PolicyResult>) => {
      const [winner] = [...members].sort(comparePolicies);
      return winner
        ? [
            {
              key,
              policy: winner.key,
              name: `${winner.namespace}/${winner.name}`,
              ...(winner.tls && { tls: winner.tls }),
              ...(winner.bundle && { bundle: winner.bundle }),
            },
          ]
        : [];
    },
  });
  return { results, bindings };
}

/** The policy in force for a Service's port, by its name where it has one. */
export function tlsPolicyFor(
  read: Reader,
  bindings: Collection<TlsBinding>,
  namespace: string,
  service: string,
  port: string | undefined,
): TlsPolicy | undefined {
  const forPort =
    port === undefined ? undefined : read.get(bindings, targetKey(namespace, { service, sectionName: port }));
  return forPort ?? read.get(bindings, targetKey(namespace, { service }));
}
