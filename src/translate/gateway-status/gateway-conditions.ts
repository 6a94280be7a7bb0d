/**
 * The conditions of a Gateway.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype
 */
import type { GatewaySpec, OwnCondition } from "../../resources/index.ts";
import type { ClientCertificate } from "../certificates/client-certificates.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import type { Placement } from "../gateways/placements.ts";
import type { ListenerResult } from "./derive-listener-statuses.ts";
import { programmedTogether, summarise } from "./summary.ts";

export interface GatewayState {
  readonly spec: GatewaySpec;
  readonly generation: number;
  readonly placement: Placement | undefined;
  /** The Gateway's own, in the order in which they are stated. */
  readonly listeners: readonly ListenerResult[];
  /** How many ListenerSets are accepted: a Gateway can live by those alone. */
  readonly sets: number;
  readonly clientCertificate: ClientCertificate | undefined;
}

export function gatewayConditions(state: GatewayState): OwnCondition[] {
  const { generation, spec } = state;
  const accepted = acceptedOf(state);
  return [
    conditionOf("Accepted", accepted, generation),
    conditionOf("Programmed", programmedOf(state, accepted), generation),
    conditionOf("ResolvedRefs", resolvedRefsOf(state), generation),
    // Removed, not False, once nobody is let in without being validated.
    ...(isFallingBack(spec) ? [conditionOf("InsecureFrontendValidationMode", FALLING_BACK, generation)] : []),
    ...(spec.defaultScope === "All" ? [conditionOf("DefaultGateway", DEFAULT, generation)] : []),
  ];
}

function acceptedOf({ placement, listeners, sets }: GatewayState): ConditionVerdict {
  if (placement?.refusal !== undefined) return no(placement.refusal.reason, placement.refusal.message);
  const { refused, total } = summarise(listeners);
  if (refused.length === 0) return yes("Accepted", "The Gateway is valid");
  const names = refused.join(", ");
  if (refused.length === total && sets === 0) return no("ListenersNotValid", `No listener is valid: ${names}`);
  const conflicted = listeners.filter(({ isConflicted }) => isConflicted).map(({ name }) => name);
  const because = conflicted.length === 0 ? "" : ` (conflicted: ${conflicted.join(", ")})`;
  return yes("ListenersNotValid", `These listeners are not valid: ${names}${because}`);
}

function programmedOf(state: GatewayState, accepted: ConditionVerdict): ConditionVerdict {
  const { placement, listeners } = state;
  if (accepted.status === "False") return no("Invalid", accepted.message);
  const [unusable] = placement?.unusable ?? [];
  if (unusable !== undefined) return no("AddressNotUsable", `${unusable.path}: ${unusable.message}`);
  if (placement?.unmade !== undefined)
    return no(placement.unmade.reason, `What it needs cannot be made: ${placement.unmade.message}`);
  if (placement?.waiting !== undefined) return no("AddressNotAssigned", placement.waiting);
  const { idle, total } = summarise(listeners);
  if (listeners.some(({ serving }) => serving)) return programmedTogether(listeners);
  // The Gateway then lives by its ListenerSets, whose own statuses tell about their listeners.
  if (state.sets > 0) return yes("Programmed", "Only listeners of ListenerSets are served");
  return no("Invalid", `None of ${total} listeners can be served: ${idle.join(", ")}`);
}

function resolvedRefsOf({ clientCertificate, listeners }: GatewayState): ConditionVerdict {
  if (clientCertificate?.problem !== undefined) {
    return no(clientCertificate.problem.reason, clientCertificate.problem.message);
  }
  const unresolved = listeners.filter(({ isResolved }) => !isResolved).map(({ name }) => name);
  if (unresolved.length === 0) return yes("ResolvedRefs", "Every reference resolves");
  return no("ListenersNotResolved", `References of these listeners do not resolve: ${unresolved.join(", ")}`);
}

function isFallingBack({ tls }: GatewaySpec): boolean {
  const configs = [tls?.frontend?.default, ...(tls?.frontend?.perPort ?? []).map((config) => config.tls)];
  return configs.some((config) => config?.validation?.mode === "AllowInsecureFallback");
}

const FALLING_BACK: ConditionVerdict = {
  status: "True",
  reason: "ConfigurationChanged",
  message: "Clients are let in even if their certificate is missing or not valid (AllowInsecureFallback)",
};

/** There only while it is one, as GEP-3793 has it; that leaves the reason open. */
const DEFAULT: ConditionVerdict = {
  status: "True",
  reason: "DefaultGateway",
  message: "Gateway has default scope All",
};

const yes = (reason: string, message: string): ConditionVerdict => ({ status: "True", reason, message });
const no = (reason: string, message: string): ConditionVerdict => ({ status: "False", reason, message });
