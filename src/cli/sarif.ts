/**
 * Findings as SARIF 2.1.0, which code hosts and editors show beside the lines.
 *
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
import { relative } from "node:path";
import type { Diagnostic } from "../app/index.ts";
import { VERSION } from "./version.ts";

const LEVELS = { error: "error", warning: "warning", info: "note" } as const satisfies Record<
  Diagnostic["severity"],
  string
>;

export function sarifOf(diagnostics: readonly Diagnostic[]): object {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "trilith", version: VERSION, rules: codes.map((id) => ({ id })) } },
        results: diagnostics.map(resultOf),
      },
    ],
  };
}

function resultOf({ code, severity, message, advice, object, path, file, line, column }: Diagnostic): object {
  const about = [object, path]
    .filter((part) => part !== undefined)
    .map((part) => `${part}: `)
    .join("");
  return {
    ruleId: code,
    level: LEVELS[severity],
    message: { text: `${about}${message}${advice === undefined ? "" : `. ${advice}`}` },
    locations:
      file === undefined
        ? []
        : [
            {
              physicalLocation: {
                artifactLocation: { uri: relative(process.cwd(), file) },
                region: { startLine: line ?? 1, startColumn: column ?? 1 },
              },
            },
          ],
  };
}
