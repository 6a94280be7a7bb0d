/**
 * The conditions of a route for one parent. All are for the route's present generation, and ResolvedRefs is told whether
 * or not the parent accepts the route.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus
 */
import { isMesh } from "../../model/index.ts";
import type { OwnCondition } from "../../resources/index.ts";
import type { Attachment, ParentResult, Verdict } from "../attachment.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import type { RouteReport } from "../inputs.ts";
import { type DroppedRule, POLICIES_NOT_IN_FORCE, type RouteRules } from "../rules/route-rules.ts";

/** Whether proxies have taken the route as it stands: a condition of Trilith's own, since `Accepted` says nothing about that. */
const PROGRAMMED = "trilith.dev/Programmed";

/** Whether what owners of its backends ask for is kept to: told where it is not. */
const POLICIES = "trilith.dev/BackendPoliciesInForce";

export function routeConditions(
  parent: ParentResult,
  rules: RouteRules | undefined,
  attachments: readonly Attachment[],
  report: RouteReport | undefined,
): OwnCondition[] {
  const { generation } = parent.route;
  const accepted = acceptedOf(parent, rules);
  const condition = (type: string, verdict: ConditionVerdict): OwnCondition => conditionOf(type, verdict, generation);
  return [
    condition("Accepted", accepted),
    ...(rules ? [condition("ResolvedRefs", rules.resolvedRefs)] : []),
    ...(rules && isPartial(rules)
      ? [
          condition("PartiallyInvalid", {
            status: "True",
            reason: "UnsupportedValue",
            message: droppedMessage(rules.dropped),
          }),
        ]
      : []),
    ...withoutPolicies(rules).map(({ message }) =>
      condition(POLICIES, { status: "False", reason: "SeveralBackends", message }),
    ),
    // Proxies of the mesh come and go with the pods of the whole cluster: their acknowledgements are no status of a route.
    ...(isMesh(parent.gateway)
      ? []
      : [condition(PROGRAMMED, programmedOf(parent, accepted, hindranceOf(rules, attachments), report))]),
  ];
}

/** Whether proxies will say something about the route any moment that these do not say yet. */
export const isPassing = (conditions: readonly OwnCondition[], report: RouteReport | undefined): boolean =>
  report?.isFollowed === true && conditions.some(({ type, status }) => type === PROGRAMMED && status === "Unknown");

const isPartial = ({ dropped, ruleCount }: RouteRules): boolean => dropped.length > 0 && dropped.length < ruleCount;

const withoutPolicies = (rules: RouteRules | undefined): RouteRules["notices"] =>
  rules?.notices.filter(({ code }) => code === POLICIES_NOT_IN_FORCE) ?? [];

/** A route none of whose rules can be served is not accepted, even where the parent would have it. */
function acceptedOf({ accepted }: ParentResult, rules: RouteRules | undefined): Verdict {
  const nothingLeft = rules !== undefined && rules.dropped.length > 0 && !isPartial(rules);
  if (accepted.status === "False" || !nothingLeft) return accepted;
  return { status: "False", reason: "UnsupportedValue", message: droppedMessage(rules.dropped) };
}

/** Begins as the specification wants it for rules that are left out. */
function droppedMessage(dropped: readonly DroppedRule[]): string {
  const reasons = dropped.map(({ rule, path, message }) => `${rule} (${path}: ${message})`).join(", ");
  return `Dropped Rule${dropped.length === 1 ? "" : "s"} ${reasons}. Requests that match are answered with an error`;
}

/** Why an accepted route is nowhere in what proxies are sent, where it is so. */
function hindranceOf(rules: RouteRules | undefined, attachments: readonly Attachment[]): string | undefined {
  if (rules && rules.httpRules.length + rules.streamBackends.length === 0) return "The route has no rules";
  const serving = attachments.filter((attachment) => attachment.serving);
  if (serving.length === 0) return "No listener that the route is attached to can serve; its conditions say why";
  const isStream = (attachment: Attachment): boolean => attachment.table === undefined;
  return serving.some((attachment) => isStream(attachment) || attachment.hosts.length > 0)
    ? undefined
    : "Other listeners of the port have all of the route's hostnames";
}

const unhealthyMessage = (backends: readonly string[]): string =>
  `; no endpoint of ${backends.join(", ")} has passed a health check yet`;

function programmedOf(
  { route: { generation, uid } }: ParentResult,
  accepted: Verdict,
  hindrance: string | undefined,
  told: RouteReport | undefined,
): ConditionVerdict {
  const report = told?.uid === uid ? told : undefined;
  if (accepted.status === "False")
    return { status: "False", reason: "NotAccepted", message: "The route is not accepted, so it is not served" };
  if (hindrance !== undefined) return { status: "False", reason: "NotServed", message: hindrance };
  if (report?.problem !== undefined) return { status: "False", reason: "Refused", message: report.problem };
  const checked = report?.unhealthy ? unhealthyMessage(report.unhealthy) : "";
  if (report === undefined || report.generation < generation) {
    return { status: "Unknown", reason: "Pending", message: `No proxy has acknowledged this generation yet${checked}` };
  }
  return { status: "True", reason: "Programmed", message: `Every proxy has acknowledged this generation${checked}` };
}
