/** `trilith check`: what is wrong with a directory of YAML, found without Envoy and without anything running. */
import { Command, Option } from "commander";
import type { CheckResult, Diagnostic } from "../app/index.ts";
import { CliError } from "./cli-error.ts";
import { addClusterOptions, type ClusterOptions, meansCluster, withCluster } from "./cluster-options.ts";
import { formatDiagnostic } from "./format-diagnostic.ts";
import { sarifOf } from "./sarif.ts";

interface CheckOptions extends ClusterOptions {
  readonly output: "text" | "json" | "sarif";
  readonly class: string;
  readonly strict?: boolean;
}

export function checkCommand(): Command {
  const command = new Command("check")
    .description(
      "validate and translate YAML offline, or what a cluster holds, and say what is wrong, where, and what to do",
    )
    .argument("[paths...]", "files and folders; with a cluster, as if they were applied to it");
  return addClusterOptions(command, "of a cluster, tell only of this namespace, and of the files")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json", "sarif"]).default("text"))
    .option("--class <name>", "name of the GatewayClass to serve when no file states one", "trilith")
    .option("--strict", "fail on warnings, too")
    .addHelpText("after", HELP)
    .action(async (paths: string[], options: CheckOptions) => {
      const { diagnostics, objects } = await check(paths, options);
      process.stdout.write(PRINTERS[options.output](diagnostics, objects));
      const failing = diagnostics.filter(
        ({ severity }) => severity === "error" || (options.strict && severity === "warning"),
      );
      if (failing.length > 0) throw new CliError("", 1);
    });
}

const HELP = `
A cluster is only read. Kinds that you may not list are left out and named; Secrets are read for their certificates.

Exit code: 0 nothing wrong, 1 errors found, 2 could not check.

Examples:
  trilith check examples/
  trilith check -o sarif gateways/ routes/ > findings.sarif
  trilith check --cluster                          # everything in the cluster
  trilith check --context production new-routes/   # what would be, were new-routes/ applied
`;

async function check(paths: readonly string[], options: CheckOptions): Promise<CheckResult> {
  const isInCluster = meansCluster(options);
  if (paths.length === 0 && !isInCluster)
    throw new CliError("name files or folders to check, or a cluster (--cluster)");
  if (!isInCluster) return (await import("../app/index.ts")).checkFiles(paths, options.class);
  const { checkCluster } = await import("../app/index.ts");
  return withCluster(options, async (client) => {
    const { unread, ...result } = await checkCluster(client, { paths, namespace: options.namespace });
    for (const { plural, message } of unread)
      console.error(`trilith: ${plural} could not be read, so what refers to them may be told wrongly: ${message}`);
    return result;
  });
}

const PRINTERS: Readonly<
  Record<CheckOptions["output"], (diagnostics: readonly Diagnostic[], objects: number) => string>
> = {
  text: (diagnostics, objects) => diagnostics.map(formatDiagnostic).join("") + summaryOf(diagnostics, objects),
  json: (diagnostics) => `${JSON.stringify(diagnostics, undefined, 2)}\n`,
  sarif: (diagnostics) => `${JSON.stringify(sarifOf(diagnostics), undefined, 2)}\n`,
};

function summaryOf(diagnostics: readonly Diagnostic[], objects: number): string {
  const count = (severity: Diagnostic["severity"], name: string): string => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return `${found} ${name}${found === 1 ? "" : "s"}`;
  };
  return `${objects} objects: ${count("error", "error")}, ${count("warning", "warning")}\n`;
}
