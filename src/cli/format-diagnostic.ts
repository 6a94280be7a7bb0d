/** How a diagnostic is printed for people. */
import type { Diagnostic } from "../app/index.ts";

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
