/**
 * Statuses of routes, and findings about them. A route has a status while at least one of its parentRefs names something
 * of ours.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { gatewayGroup, kinds, type ObjectKey } from "../../resources/index.ts";
import type { Attachment, ParentResult } from "../attachment.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import { type Inputs, routeReportKey } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { RouteRules } from "../rules/route-rules.ts";
import { isPassing, routeConditions } from "./route-conditions.ts";

export interface RouteStatusSources {
  readonly inputs: Inputs;
  readonly parentResults: Collection<ParentResult>;
  readonly attachments: Collection<Attachment>;
  readonly controllerName: string;
}

export interface RouteStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveRouteStatuses(
  graph: Graph,
  { inputs, parentResults, attachments, controllerName }: RouteStatusSources,
  rules: Collection<RouteRules>,
): RouteStatuses {
  const byReference = graph.index(attachments, "by parentRef", ({ parent }) => [parent]);
  const byRoute = graph.groups<ParentResult>({
    name: "translate/ParentsOfRoutes",
    of: parentResults,
    by: (result) => [result.route.object],
  });
  const statuses = graph.derive({
    name: "translate/RouteStatuses",
    key: (status: ObjectStatus) => status.key,
    from: byRoute,
    reads: [rules, attachments, inputs.routeReports],
    map: ({ members }: Group<ParentResult>, read) => {
      const parents = [...members].sort((a, b) => a.parentRefIndex - b.parentRefIndex);
      const [first] = parents;
      if (first === undefined) return [];
      const { object, kind, namespace, name, generation } = first.route;
      const judged = parents.map((parent) => {
        const attached = read.by(byReference, parent.key);
        // All listeners that one parentRef names are of one Gateway, and one proxy serves it.
        const proxy = attached[0]?.proxy;
        const report = proxy && read.get(inputs.routeReports, routeReportKey(object, proxy));
        const rulesHere = read.get(rules, parent.rules);
        const conditions = routeConditions(parent, rulesHere, attached, report);
        const entry = { parentRef: parent.parentRef, controllerName, conditions };
        return { entry, isPassing: isPassing(conditions, report) };
      });
      return [
        {
          key: object,
          apiVersion: `${gatewayGroup}/${kinds[kind].versions[0]}`,
          kind,
          namespace,
          name,
          generation,
          ...(judged.some((parent) => parent.isPassing) && { isPassing: true as const }),
          status: { parents: judged.map(({ entry }) => entry) },
        },
      ];
    },
  });
  return { statuses, findings: deriveFindings(graph, byRoute, rules) };
}

function deriveFindings(
  graph: Graph,
  byRoute: Collection<Group<ParentResult>>,
  rules: Collection<RouteRules>,
): Collection<Finding> {
  return graph.derive({
    name: "translate/RouteFindings",
    key: (finding: Finding) => finding.key,
    from: byRoute,
    reads: [rules],
    map: ({ key, members }: Group<ParentResult>, read) => {
      const object = key as ObjectKey;
      const found = members.flatMap((parent) => [
        ...parentFindings(object, parent),
        ...ruleFindings(object, read.get(rules, parent.rules)),
      ]);
      // Several parents of one Gateway find the same things.
      return new Map(found.map((finding) => [finding.key, finding])).values();
    },
  });
}

function parentFindings(object: ObjectKey, { accepted, parentPath: path }: ParentResult): Finding[] {
  if (accepted.status === "True") return [];
  return [
    findingOf({
      object,
      // A default Gateway that does not take the route is no fault of it: others may.
      severity: path === "spec.useDefaultGateways" ? "warning" : "error",
      code: codeOfReason("route", accepted.reason),
      path,
      message: accepted.message,
    }),
  ];
}

function ruleFindings(object: ObjectKey, rules: RouteRules | undefined): Finding[] {
  if (rules === undefined) return [];
  return [
    ...rules.problems.map(({ reason, path, message }) =>
      findingOf({ object, severity: "error", code: codeOfReason("reference", reason), path, message }),
    ),
    ...rules.dropped.map(({ path, message }) =>
      findingOf({ object, severity: "error", code: "rule-dropped", path, message }),
    ),
    ...rules.notices.map((notice) => findingOf({ object, severity: "warning", ...notice })),
  ];
}
