/** `trilith check`: what is wrong with a directory of YAML, found without Envoy and without anything running. */
import { Command, Option } from "commander";
import { checkFiles, type Diagnostic } from "../app/index.ts";
import { CliError } from "./cli-error.ts";
import { sarifOf } from "./sarif.ts";

interface CheckOptions {
  readonly output: "text" | "json" | "sarif";
  readonly class: string;
  readonly strict?: boolean;
}

export function checkCommand(): Command {
  return new Command("check")
    .description("validate and translate YAML offline, and say what is wrong, where, and what to do")
    .argument("<paths...>", "files and folders")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json", "sarif"]).default("text"))
    .option("--class <name>", "name of the GatewayClass to serve when no file states one", "trilith")
    .option("--strict", "fail on warnings, too")
    .addHelpText(
      "after",
      "\nExit code: 0 nothing wrong, 1 errors found, 2 could not check.\n\nExamples:\n  trilith check examples/\n  trilith check -o sarif gateways/ routes/ > findings.sarif\n",
    )
    .action((paths: string[], options: CheckOptions) => {
      const { diagnostics, objects } = checkFiles(paths, options.class);
      process.stdout.write(PRINTERS[options.output](diagnostics, objects));
      const failing = diagnostics.filter(
        ({ severity }) => severity === "error" || (options.strict && severity === "warning"),
      );
      if (failing.length > 0) throw new CliError("", 1);
    });
}

const PRINTERS: Readonly<
  Record<CheckOptions["output"], (diagnostics: readonly Diagnostic[], objects: number) => string>
> = {
  text: (diagnostics, objects) => diagnostics.map(formatDiagnostic).join("") + summaryOf(diagnostics, objects),
  json: (diagnostics) => `${JSON.stringify(diagnostics, undefined, 2)}\n`,
  sarif: (diagnostics) => `${JSON.stringify(sarifOf(diagnostics), undefined, 2)}\n`,
};

/** `routes.yaml:12:7: error: HTTPRoute shop/cart: spec.rules[0]: … (code)`, and the advice below it. */
export function formatDiagnostic({
  file,
  line,
  column,
  severity,
  object,
  path,
  message,
  advice,
  code,
}: Diagnostic): string {
  const place = file === undefined ? "" : `${file}:${line ?? 1}:${column ?? 1}: `;
  const about = [object, path]
    .filter((part) => part !== undefined)
    .map((part) => `${part}: `)
    .join("");
  return `${place}${severity}: ${about}${message} (${code})\n${advice === undefined ? "" : `    ${advice}\n`}`;
}

function summaryOf(diagnostics: readonly Diagnostic[], objects: number): string {
  const count = (severity: Diagnostic["severity"], name: string): string => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return `${found} ${name}${found === 1 ? "" : "s"}`;
  };
  return `${objects} objects: ${count("error", "error")}, ${count("warning", "warning")}\n`;
}
