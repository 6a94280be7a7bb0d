/** The conditions of one listener, and whether proxies have taken it. */
import { type ListenerKey, type SocketKey, socketKey } from "../../model/index.ts";
import type { OwnCondition } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { conditionOf } from "../conditions.ts";
import type { SocketReport } from "../inputs.ts";
import type { Listener, ListenerGeneration } from "../listener.ts";

/** The sockets of a listener, one for each address. */
export const socketsOfListener = ({ proxy, addresses, transport, port }: Listener): SocketKey[] =>
  addresses.map((address) => socketKey(proxy, address, transport, port));

export interface ListenerVerdicts {
  readonly accepted: Verdict;
  readonly programmed: Verdict;
}

/** `reports`: of the listener's sockets, in their order; undefined where no proxy has said anything yet. */
export function judgeListener(
  listener: Listener,
  stated: Pick<ListenerGeneration, "generation" | "uid">,
  reports: readonly (SocketReport | undefined)[],
): ListenerVerdicts {
  const { accepted } = listener;
  const problem = listener.serving ? reports.find((report) => report?.problem !== undefined)?.problem : undefined;
  if (problem?.reason === "PortUnavailable") {
    const unavailable = no("PortUnavailable", problem.message);
    return { accepted: unavailable, programmed: unavailable };
  }
  if (problem !== undefined) return { accepted, programmed: no("Invalid", problem.message) };
  return { accepted, programmed: programmedOf(listener, stated, reports) };
}

/** Reasons that say as much about Programmed as about Accepted. */
const SHARED_REASONS: readonly string[] = ["HostnameConflict", "ProtocolConflict", "PortUnavailable"];

function programmedOf(
  listener: Listener,
  stated: Pick<ListenerGeneration, "generation" | "uid">,
  reports: readonly (SocketReport | undefined)[],
): Verdict {
  const { accepted, resolvedRefs, serving, present, addresses } = listener;
  if (accepted.status === "False") {
    return no(SHARED_REASONS.includes(accepted.reason) ? accepted.reason : "Invalid", accepted.message);
  }
  if (!present) return no("Invalid", "The Gateway is not accepted");
  if (!serving && addresses.length > 0) return no("Invalid", resolvedRefs.message);
  if (!serving) return no("Pending", "The Gateway has no address that can be listened on");
  if (reports.every((report) => isAcknowledged(report, listener.key, stated))) {
    return { status: "True", reason: "Programmed", message: "Every proxy listens" };
  }
  return no("Pending", "No proxy has acknowledged this generation yet");
}

function isAcknowledged(
  report: SocketReport | undefined,
  key: ListenerKey,
  { generation, uid }: Pick<ListenerGeneration, "generation" | "uid">,
): boolean {
  return (
    report?.programmed.some((one) => one.listener === key && one.uid === uid && one.generation >= generation) ?? false
  );
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditiontype */
export function listenerConditions(
  listener: Listener,
  { accepted, programmed }: ListenerVerdicts,
  generation: number,
): OwnCondition[] {
  const { resolvedRefs, conflict, overlapping } = listener;
  const conflicted = conflict
    ? { status: "True" as const, ...conflict }
    : { status: "False" as const, reason: "NoConflicts", message: "No other listener is in the way" };
  const overlap = {
    status: "True" as const,
    reason: "OverlappingHostnames",
    message: `The hostname overlaps with that of ${overlapping.join(", ")}; a client that reuses a connection for both gets 421`,
  };
  return [
    conditionOf("Accepted", accepted, generation),
    conditionOf("Programmed", programmed, generation),
    conditionOf("ResolvedRefs", resolvedRefs, generation),
    conditionOf("Conflicted", conflicted, generation),
    // Of negative polarity: the specification forbids to state it where it is not so.
    ...(overlapping.length > 0 ? [conditionOf("OverlappingTLSConfig", overlap, generation)] : []),
  ];
}

const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
