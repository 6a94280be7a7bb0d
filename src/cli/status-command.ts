/** `trilith status`: what a running Trilith made of each object, as a table, or with the statuses as Kubernetes would hold them. */
import { Command, Option } from "commander";
import type { Diagnostic } from "../app/index.ts";
import type { ObjectWithStatus } from "../status/index.ts";
import { askAdmin, DEFAULT_ADMIN } from "./admin-client.ts";
import { addClusterOptions, type ClusterOptions, meansCluster, withCluster } from "./cluster-options.ts";
import { addInstallationOption, type UnreadyReplica, unreadyReplicas } from "./controller-replicas.ts";
import { formatDiagnostic } from "./format-diagnostic.ts";
import { meshStatusCommand } from "./mesh-status-command.ts";
import { formatTable } from "./table.ts";

interface StatusAnswer {
  readonly objects: readonly ObjectWithStatus[];
  readonly diagnostics: readonly Diagnostic[];
}

interface StatusOptions extends ClusterOptions {
  readonly admin: string;
  readonly installation: string;
  readonly output: "table" | "json" | "yaml";
}

export function statusCommand(): Command {
  const command = new Command("status")
    .description("show what a running Trilith made of each object")
    .option("--admin <address>", "admin API of the running Trilith", DEFAULT_ADMIN);
  return addInstallationOption(
    addClusterOptions(command, "only this namespace of a cluster (by default all that you may see)"),
  )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json", "yaml"]).default("table"))
    .addHelpText("after", HELP)
    .addCommand(meshStatusCommand())
    .action(async (options: StatusOptions) => {
      const answer = meansCluster(options)
        ? await askCluster(options)
        : ((await askAdmin(options.admin, "/status")) as StatusAnswer);
      const list = { apiVersion: "v1", kind: "List", items: answer.objects };
      if (options.output === "json") process.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`);
      else if (options.output === "yaml") process.stdout.write((await import("yaml")).stringify(list));
      else process.stdout.write(tableOf(answer));
    });
}

const HELP = `
Without an option that names a cluster, a Trilith on this machine is asked. In a cluster, the objects' own statuses are read, which
needs no more than "kubectl get". Which replicas of the controller are not ready, and why, is told to who may list their pods and
forward ports to them, as the Role trilith-diagnostics allows. For findings as well, ask a replica: see "trilith controller --help".

Examples:
  trilith status
  trilith status -o yaml
  trilith status --context production -n shop
  trilith status mesh --cluster
`;

async function askCluster(options: StatusOptions): Promise<StatusAnswer> {
  const { clusterStatuses } = await import("./cluster-statuses.ts");
  return await withCluster(options, async (client) => {
    const [objects, unready] = await Promise.all([
      clusterStatuses(client, options.namespace),
      unreadyReplicas(client, options.installation),
    ]);
    return { objects, diagnostics: unready.map((replica) => unreadyDiagnostic(replica, options.installation)) };
  });
}

const unreadyDiagnostic = ({ replica, why }: UnreadyReplica, installation: string): Diagnostic => ({
  severity: "warning",
  code: "replica-not-ready",
  object: `Pod ${installation}/${replica}`,
  message: `this replica of the controller is not ready: ${why}`,
  advice: "What was programmed before stays in force; statuses may be of before",
});

function tableOf({ objects, diagnostics }: StatusAnswer): string {
  const rows = objects.flatMap((object) => {
    const name = `${object.kind} ${object.metadata.namespace ? `${object.metadata.namespace}/` : ""}${object.metadata.name}`;
    return linesOf(object).map(([part, summary, message], index) => [index === 0 ? name : "", part, summary, message]);
  });
  const problems = diagnostics
    .filter(({ severity }) => severity !== "info")
    .map(formatDiagnostic)
    .join("");
  return formatTable(["OBJECT", "FOR", "STATUS", "BECAUSE"], rows) + (problems === "" ? "" : `\n${problems}`);
}

type Line = readonly [part: string, summary: string, message: string];

interface StatedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

function linesOf({ status }: ObjectWithStatus): Line[] {
  const lines: Line[] = [];
  if (status.conditions) lines.push(lineOf("", status.conditions));
  for (const listener of status.listeners ?? []) {
    const { attachedRoutes = 0 } = listener as { attachedRoutes?: number };
    lines.push(
      lineOf(
        `listener ${listener.name} (${attachedRoutes} route${attachedRoutes === 1 ? "" : "s"})`,
        listener.conditions,
      ),
    );
  }
  for (const { parentRef, conditions } of status.parents ?? []) {
    lines.push(
      lineOf(
        `${parentRef?.name ?? ""}${parentRef?.sectionName === undefined ? "" : `#${parentRef.sectionName}`}`,
        conditions,
      ),
    );
  }
  for (const { ancestorRef, conditions } of status.ancestors ?? [])
    lines.push(lineOf(ancestorRef?.name ?? "", conditions));
  return lines.length > 0 ? lines : [["", "unknown", "Trilith has said nothing about it yet"]];
}

/** Conditions that are bad news when True. */
const BAD_WHEN_TRUE: ReadonlySet<string> = new Set([
  "Conflicted",
  "OverlappingTLSConfig",
  "PartiallyInvalid",
  "InsecureFrontendValidationMode",
]);

/** What is wrong, or else that nothing is. */
function lineOf(part: string, conditions: readonly StatedCondition[]): Line {
  const bad = conditions.filter(({ type, status }) =>
    BAD_WHEN_TRUE.has(type) ? status === "True" : status !== "True",
  );
  if (bad.length === 0) return [part, "ok", ""];
  return [
    part,
    bad.map(({ type, status, reason }) => `${type}=${status} (${reason})`).join(", "),
    [...new Set(bad.map(({ message }) => message))].join("; "),
  ];
}
