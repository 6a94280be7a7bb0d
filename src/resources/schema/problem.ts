/** What validation says about an object: facts for a person to act on, each with the place that it speaks of. */

/** Field names and list positions from the root of the object. */
export type FieldPath = readonly (string | number)[];

export type ProblemKind =
  | "type"
  | "required"
  | "enum"
  | "range"
  | "length"
  | "count"
  | "pattern"
  | "format"
  | "duplicate"
  /** A rule that joins several fields. */
  | "rule"
  | "unknown-field"
  | "unknown-kind"
  | "metadata";

/** An `error` is what the API server refuses the object for; a `warning` is what it passes over. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly kind: ProblemKind;
  readonly path: FieldPath;
  /** A sentence without the path and without a full stop. */
  readonly message: string;
  /** What to do about it, where that is not plain from the message. */
  readonly advice?: string;
  /** For kind `rule`: the id of the rule, which for the Gateway API's own rules is the message that its CRD gives. */
  readonly rule?: string;
}

/** `spec.rules[0].matches`; names that are no plain words are quoted: `metadata.labels["a.b/c"]`. */
export function formatPath(path: FieldPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}
