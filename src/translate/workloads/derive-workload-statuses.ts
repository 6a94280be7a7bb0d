/**
 * Statuses of Workloads.
 *
 *   Accepted      it is in the mesh: its address is its own
 *   ResolvedRefs  there is each port of a Service that it calls
 *   Programmed    its sidecar listens everywhere that it should
 */
import type { Collection, Graph } from "../../collections/index.ts";
import { workloadListenerKey, type WorkloadSocket } from "../../model/index.ts";
import { kinds, objectKeyOf, trilithGroup, type Workload } from "../../resources/index.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import type { SocketReport } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { Workloads } from "./derive-workloads.ts";
import { calledBy, type CalledSources } from "./workload-sockets.ts";

export interface WorkloadSources {
  readonly objects: Collection<Workload>;
  readonly workloads: Workloads;
  readonly called: CalledSources;
  readonly sockets: Collection<WorkloadSocket>;
  readonly reports: Collection<SocketReport>;
}

export interface WorkloadStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

/** What is to be said of one Workload. */
interface Verdicts {
  readonly key: string;
  readonly object: Workload;
  readonly accepted: ConditionVerdict;
  /** Positions in `calls` of what there is not. */
  readonly missing: readonly number[];
  readonly programmed: ConditionVerdict;
}

export function deriveWorkloadStatuses(graph: Graph, sources: WorkloadSources): WorkloadStatuses {
  const { objects, workloads, called, sockets, reports } = sources;
  const byWorkload = graph.index(sockets, "by workload", ({ workload }) => [workload]);
  const verdicts = graph.derive({
    name: "translate/WorkloadVerdicts",
    key: ({ key }: Verdicts) => key,
    from: objects,
    reads: [objects, called.services, called.frontends, sockets, reports],
    map: (object, read) => {
      const holder = workloads.holderOf(object, read);
      const calls = object.spec.calls ?? [];
      const listening = read.by(byWorkload, workloadListenerKey(object.metadata));
      const reported = listening.map(({ key }) => read.get(reports, key));
      return [
        {
          key: objectKeyOf(object),
          object,
          accepted: holder ? taken(object, holder) : ACCEPTED,
          missing: calls.flatMap((call, index) => (calledBy(object, call, called, read) ? [] : [index])),
          programmed: holder ? notInMesh : programmedOf(object, reported),
        },
      ];
    },
  });
  return {
    statuses: graph.derive({
      name: "translate/WorkloadStatuses",
      key: (status: ObjectStatus) => status.key,
      from: verdicts,
      map: (verdict) => [statusOf(verdict)],
    }),
    findings: graph.derive({
      name: "translate/WorkloadFindings",
      key: (finding: Finding) => finding.key,
      from: verdicts,
      map: findingsOf,
    }),
  };
}

const ACCEPTED: ConditionVerdict = { status: "True", reason: "Accepted", message: "The workload is in the mesh" };

const notInMesh: ConditionVerdict = {
  status: "False",
  reason: "Invalid",
  message: "The workload is not in the mesh",
};

const taken = ({ spec: { address } }: Workload, { metadata: { namespace, name } }: Workload): ConditionVerdict => ({
  status: "False",
  reason: "AddressTaken",
  message: `${address} is the address of Workload ${namespace}/${name} already, and others know workloads by their addresses`,
});

function programmedOf({ metadata }: Workload, reports: readonly (SocketReport | undefined)[]): ConditionVerdict {
  const problem = reports.find((report) => report?.problem)?.problem;
  if (problem) return { status: "False", ...problem };
  const isCurrent = (report: SocketReport | undefined): boolean =>
    report?.programmed.some(({ generation }) => generation >= (metadata.generation ?? 0)) ?? false;
  return reports.every(isCurrent)
    ? { status: "True", reason: "Programmed", message: "Its sidecar listens" }
    : { status: "False", reason: "Pending", message: "Its sidecar has not acknowledged everything yet" };
}

function resolvedOf({ object, missing }: Verdicts): ConditionVerdict {
  const [first] = missing;
  return first === undefined
    ? { status: "True", reason: "ResolvedRefs", message: "Everything that it calls is there" }
    : { status: "False", reason: "ServicePortNotFound", message: notFound(object, first) };
}

function notFound({ metadata, spec }: Workload, index: number): string {
  const call = spec.calls?.[index];
  const { namespace = metadata.namespace, name = "" } = call?.service ?? {};
  return `Service ${namespace}/${name} has no TCP port ${call?.port ?? ""} that could be called by an address of its own`;
}

function statusOf(verdicts: Verdicts): ObjectStatus {
  const { object, accepted, programmed } = verdicts;
  const { namespace, name, generation = 0 } = object.metadata;
  return {
    key: objectKeyOf(object),
    apiVersion: `${trilithGroup}/${kinds.Workload.versions[0]}`,
    kind: object.kind,
    namespace,
    name,
    generation,
    status: {
      conditions: [
        conditionOf("Accepted", accepted, generation),
        conditionOf("ResolvedRefs", resolvedOf(verdicts), generation),
        conditionOf("Programmed", programmed, generation),
      ],
    },
  };
}

function findingsOf({ object, accepted, missing, programmed }: Verdicts): Finding[] {
  const finding = (code: string, path: string, message: string, advice: string): Finding =>
    findingOf({ object: objectKeyOf(object), severity: "error", code, path, message, advice });
  if (accepted.status === "False") {
    const advice = 'Give each Workload an address of its own, such as "127.1.0.11"';
    return [finding(codeOfReason("workload", accepted.reason), "spec.address", accepted.message, advice)];
  }
  const isRefused = programmed.status === "False" && programmed.reason !== "Pending";
  return [
    ...missing.map((index) =>
      finding(
        "workload-service-port-not-found",
        `spec.calls[${index}]`,
        notFound(object, index),
        "State the Service with this port",
      ),
    ),
    ...(isRefused
      ? [
          finding(
            codeOfReason("workload", programmed.reason),
            "spec",
            programmed.message,
            "Choose another port or address, or end the program that has it",
          ),
        ]
      : []),
  ];
}
