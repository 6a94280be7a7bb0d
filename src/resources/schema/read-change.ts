/** Rules about changes: what an object may not become, given what it was. */
import type { FieldPath } from "./problem.ts";
import { fieldOf } from "./rule.ts";
import type { Report } from "./read-value.ts";
import type { AnySchema } from "./schema.ts";

/** Reports what may not have changed. Only fields of objects have such rules in the Gateway API, none within lists. */
export function readChange(
  schema: AnySchema,
  value: unknown,
  previous: unknown,
  path: FieldPath,
  report: Report,
): void {
  if (value === undefined || previous === undefined) return;
  for (const rule of schema.rules ?? []) {
    for (const violation of rule.findChange?.(value, previous) ?? []) {
      report.error("rule", [...path, ...(violation.path ?? [])], violation.message, violation.advice, rule.id);
    }
  }
  if (schema.type !== "object" || !isObject(value) || !isObject(previous)) return;
  for (const [name, property] of Object.entries(schema.properties)) {
    readChange(property, fieldOf(value, name), fieldOf(previous, name), [...path, name], report);
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
