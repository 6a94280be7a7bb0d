/** What people should know about Gateways, ListenerSets and their listeners, each at its field. */
import type { Collection, Graph } from "../../collections/index.ts";
import type { ClientCertificate } from "../certificates/client-certificates.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import type { ManagedListenerSet } from "../gateways/listener-sets.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Placement } from "../gateways/placements.ts";
import type { FieldProblem, Listener } from "../listener.ts";
import type { ListenerFilters } from "../listeners/listener-filters.ts";
import type { ListenerTls } from "../listeners/listener-tls.ts";
import type { ListenerResult } from "./derive-listener-statuses.ts";

export interface GatewayFindingSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly placements: Collection<Placement>;
  readonly listenerSets: Collection<ManagedListenerSet>;
  readonly listeners: Collection<Listener>;
  readonly tls: Collection<ListenerTls>;
  readonly listenerFilters: Collection<ListenerFilters>;
  readonly results: Collection<ListenerResult>;
  readonly clientCertificates: Collection<ClientCertificate>;
}

export function deriveGatewayFindings(graph: Graph, sources: GatewayFindingSources): Collection<Finding> {
  const { gateways, placements, listenerSets, listeners, tls, results, clientCertificates, listenerFilters } = sources;
  const found = <I>(name: string, from: Collection<I>, map: (input: I) => readonly Finding[]): Collection<Finding> =>
    graph.derive<I, Finding>({ name: `translate/${name}`, key: ({ key }) => key, from, map });
  const ofFrontends = graph.derive({
    name: "translate/FrontendProblems",
    key: ({ key }: FrontendProblem) => key,
    from: listeners,
    map: frontendProblemsOf,
  });
  const byFinding = graph.groups<FrontendProblem>({
    name: "translate/FrontendProblemsByField",
    of: ofFrontends,
    by: ({ finding }) => [finding.key],
  });
  return graph.union<Finding>({
    name: "translate/GatewaySideFindings",
    of: [
      found("GatewayFindings", gateways, gatewayFindingsOf),
      found("PlacementFindings", placements, placementFindingsOf),
      found("ListenerSetFindings", listenerSets, listenerSetFindingsOf),
      found("ListenerFindings", listeners, listenerFindingsOf),
      found("FrontendFindings", byFinding, ({ members }) => members.slice(0, 1).map(({ finding }) => finding)),
      found("TlsNotices", tls, ({ notices }) => notices),
      found("ListenerFilterNotices", listenerFilters, listenerFilterFindingsOf),
      found("PortFindings", results, portFindingsOf),
      found("ClientCertificateFindings", clientCertificates, ({ key, problem }) =>
        problem === undefined ? [] : [findingFrom(key, "gateway", problem)],
      ),
    ],
  });
}

const findingFrom = (object: Finding["object"], prefix: string, { reason, message, path }: FieldProblem): Finding =>
  findingOf({ object, severity: "error", code: codeOfReason(prefix, reason), path, message });

/** Clients that are let in without being validated, which is not for good. */
function gatewayFindingsOf({ key, spec }: ManagedGateway): Finding[] {
  const { default: byDefault, perPort = [] } = spec.tls?.frontend ?? {};
  const stated = [
    { path: "spec.tls.frontend.default.validation.mode", mode: byDefault?.validation?.mode },
    ...perPort.map(({ tls }, index) => ({
      path: `spec.tls.frontend.perPort[${index}].tls.validation.mode`,
      mode: tls.validation?.mode,
    })),
  ];
  const message = "clients are let in even if their certificate is missing or not valid";
  const code = "clients-not-validated";
  return stated
    .filter(({ mode }) => mode === "AllowInsecureFallback")
    .map(({ path }) =>
      findingOf({
        object: key,
        severity: "warning",
        code,
        path,
        message,
        advice: "Use AllowValidOnly outside of tests",
      }),
    );
}

function placementFindingsOf({ key, refusal, unusable }: Placement): Finding[] {
  return [
    ...(refusal === undefined ? [] : [findingFrom(key, "gateway", refusal)]),
    ...unusable.map(({ path, message }) => findingFrom(key, "gateway", { reason: "AddressNotUsable", path, message })),
  ];
}

function listenerSetFindingsOf({ key, refusal }: ManagedListenerSet): Finding[] {
  if (refusal === undefined) return [];
  return [findingFrom(key, "listener-set", { reason: "NotAllowed", path: "spec.parentRef", message: refusal })];
}

const isOfFrontend = ({ path }: FieldProblem): boolean => path.startsWith("spec.tls.frontend.");

function listenerFindingsOf({ parent, problems }: Listener): Finding[] {
  const own = problems.filter((problem) => !isOfFrontend(problem));
  const findings = own.map((problem) => findingFrom(parent.object, "listener", problem));
  return [...new Map(findings.map((finding) => [finding.key, finding])).values()];
}

/** A problem of the Gateway's `spec.tls.frontend`, which every HTTPS listener that it is for finds again. */
interface FrontendProblem {
  readonly key: string;
  readonly finding: Finding;
}

function frontendProblemsOf({ key, gatewayObject, problems }: Listener): FrontendProblem[] {
  return problems.filter(isOfFrontend).map((problem) => {
    const finding = findingFrom(gatewayObject, "gateway", problem);
    return { key: `${key}>${finding.key}`, finding };
  });
}

/** What a filter asks for and is not so. */
const listenerFilterFindingsOf = ({ parent, notices }: ListenerFilters): Finding[] =>
  notices.map((notice) => findingOf({ object: parent, severity: "warning", ...notice }));

/** What only proxies know: that a port is taken, or a listener refused. */
function portFindingsOf({ parent, index, serving, programmed }: ListenerResult): Finding[] {
  if (!serving || programmed.status === "True" || programmed.reason === "Pending") return [];
  const { reason, message } = programmed;
  return [findingFrom(parent, "listener-programmed", { reason, message, path: `spec.listeners[${index}]` })];
}
