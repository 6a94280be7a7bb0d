/** `trilith status`: what a running Trilith made of each object, as a table, or with the statuses as Kubernetes would hold them. */
import { Command, Option } from "commander";
import { stringify } from "yaml";
import type { Diagnostic } from "../app/index.ts";
import type { ObjectWithStatus } from "../status/index.ts";
import { askAdmin, DEFAULT_ADMIN } from "./admin-client.ts";
import { formatDiagnostic } from "./check-command.ts";
import { formatTable } from "./table.ts";

interface StatusAnswer {
  readonly objects: readonly ObjectWithStatus[];
  readonly diagnostics: readonly Diagnostic[];
}

export function statusCommand(): Command {
  return new Command("status")
    .description("show what a running Trilith made of each object")
    .option("--admin <address>", "admin API of the running Trilith", DEFAULT_ADMIN)
    .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json", "yaml"]).default("table"))
    .addHelpText("after", "\nExamples:\n  trilith status\n  trilith status -o yaml\n")
    .action(async ({ admin, output }: { admin: string; output: "table" | "json" | "yaml" }) => {
      const answer = (await askAdmin(admin, "/status")) as StatusAnswer;
      const list = { apiVersion: "v1", kind: "List", items: answer.objects };
      if (output === "json") process.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`);
      else if (output === "yaml") process.stdout.write(stringify(list));
      else process.stdout.write(tableOf(answer));
    });
}

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
  return lines;
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
