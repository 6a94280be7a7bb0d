/**
 * Backends that routes send to and nobody is behind: Services without ready endpoints for a port, and names that do not
 * resolve. No status tells, since endpoints come and go.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import { experimentalGroup, objectKey } from "../../resources/index.ts";
import type { Finding } from "../finding.ts";
import type { ResolvedName } from "../inputs.ts";
import type { PlannedSet } from "./endpoint-plan.ts";

export function deriveEndpointFindings(
  graph: Graph,
  plans: Collection<PlannedSet>,
  { resolvedNames }: { readonly resolvedNames: Collection<ResolvedName> },
): Collection<Finding> {
  return graph.derive({
    name: "translate/EndpointFindings",
    key: (finding: Finding) => finding.key,
    from: plans,
    reads: [resolvedNames],
    map: (planned, read) => {
      const { endpoints, names } = planned.plan;
      if (endpoints.length > 0 || !planned.isRouted) return [];
      if (names.length === 0) return nobodyFindings(planned);
      const facts = names.map(({ hostname }) => read.get(resolvedNames, hostname));
      const failed = facts.flatMap((fact) => (fact && fact.addresses.length === 0 ? [fact] : []));
      return failed.length === facts.length ? [unresolvedFinding(planned, failed)] : [];
    },
  });
}

function nobodyFindings(planned: PlannedSet): Finding[] {
  const { origin, transport } = planned;
  const { namespace, name, port } = origin;
  if (origin.kind === "XBackend") {
    const message = `XBackend ${namespace}/${name} selects no pod that is ready: requests for it are answered 503, connections are closed`;
    const advice = `Give pods in namespace ${namespace} the labels that it names, and a condition Ready`;
    return [findingOn(planned, { code: "backend-without-pods", path: "spec.endpointSelector", message, advice })];
  }
  return [
    findingOn(planned, {
      code: "service-without-endpoints",
      path: "spec.ports",
      message: `port ${port} (${transport}) of Service ${namespace}/${name} has no ready endpoints: requests for it are answered 503, connections are closed`,
      advice: `State an EndpointSlice with the label kubernetes.io/service-name: ${name}, a port of the same name, and an endpoint that is ready`,
    }),
  ];
}

function unresolvedFinding(planned: PlannedSet, failed: readonly ResolvedName[]): Finding {
  const reasons = failed.map(({ key, error }) => (error === undefined ? `${key} has no address` : `${key}: ${error}`));
  return findingOn(planned, {
    code: "backend-name-unresolved",
    path: "spec",
    message: `no name of the backend resolves (${reasons.join("; ")}): requests for it are answered 503, connections are closed`,
  });
}

/** An object has one for each of its ports, which have no field path of their own here. */
function findingOn(
  { key, origin: { kind, namespace, name } }: PlannedSet,
  told: Pick<Finding, "code" | "path" | "message" | "advice">,
): Finding {
  const object = objectKey({ group: kind === "Service" ? "" : experimentalGroup, kind, namespace, name });
  return { ...told, key: `${object}|${told.code}|${key}`, object, severity: "warning" };
}
