/**
 * Reads a value by a schema, as the API server would: unknown fields are dropped, nulls count as absent, defaults are filled
 * in, and everything that is wrong is reported. A rule runs only where all that it reads is right by itself, so
 * that one mistake is told once. The value read is never changed.
 */
import { decodeBase64 } from "../base64.ts";
import { isDateTime } from "./date-time.ts";
import { nearestName } from "./nearest-name.ts";
import type { FieldPath, Problem } from "./problem.ts";
import type {
  AnyListSchema,
  AnyMapSchema,
  AnyObjectSchema,
  AnySchema,
  IntegerOrStringSchema,
  IntegerSchema,
  StringSchema,
} from "./schema.ts";

/** More errors than this are counted but not told: nobody reads on, and a broken file must not fill the memory. */
const maxErrors = 100;

/** Collects the problems of one object. */
export class Report {
  readonly problems: Problem[] = [];
  errors = 0;

  error(kind: Problem["kind"], path: FieldPath, message: string, advice?: string, rule?: string): void {
    this.errors++;
    if (this.errors > maxErrors) return;
    this.problems.push(problem("error", kind, path, message, advice, rule));
  }

  warning(kind: Problem["kind"], path: FieldPath, message: string, advice?: string): void {
    if (this.problems.length < 2 * maxErrors) this.problems.push(problem("warning", kind, path, message, advice));
  }
}

function problem(
  severity: Problem["severity"],
  kind: Problem["kind"],
  path: FieldPath,
  message: string,
  advice?: string,
  rule?: string,
): Problem {
  return {
    severity,
    kind,
    path,
    message,
    ...(advice === undefined ? {} : { advice }),
    ...(rule === undefined ? {} : { rule }),
  };
}

/** The value with its defaults. What it returns is of use only when the report holds no error. */
export function readValue(schema: AnySchema, value: unknown, path: FieldPath, report: Report): unknown {
  const errorsBefore = report.errors;
  const result = readByType(schema, value, path, report);
  if (report.errors > errorsBefore) return result;
  for (const rule of schema.rules ?? []) {
    for (const violation of rule.find(result)) {
      report.error("rule", [...path, ...(violation.path ?? [])], violation.message, violation.advice, rule.id);
    }
  }
  return result;
}

function readByType(schema: AnySchema, value: unknown, path: FieldPath, report: Report): unknown {
  switch (schema.type) {
    case "object":
      return readObject(schema, value, path, report);
    case "map":
      return readMap(schema, value, path, report);
    case "list":
      return readList(schema, value, path, report);
    case "string":
      return readString(schema, value, path, report);
    case "integer":
      return readInteger(schema, value, path, report);
    case "integer-or-string":
      return readIntegerOrString(schema, value, path, report);
    case "boolean":
      if (typeof value !== "boolean") reportType(report, path, "true or false", value);
      return value;
  }
}

function readObject(schema: AnyObjectSchema, value: unknown, path: FieldPath, report: Report): unknown {
  if (!isObject(value)) return reportType(report, path, "an object with fields", value);
  const fields = new Map<string, unknown>();
  for (const [name, child] of Object.entries(value)) {
    const property = ownProperty(schema.properties, name);
    if (property === undefined) {
      if (schema.preserveUnknown) fields.set(name, child);
      else reportUnknownField(schema, name, path, report);
    } else if (child !== null && child !== undefined) {
      fields.set(name, readValue(property, child, [...path, name], report));
    }
  }
  for (const [name, property] of Object.entries(schema.properties)) {
    if (fields.has(name) || property.default === undefined) continue;
    fields.set(name, readValue(property, property.default, [...path, name], report));
  }
  for (const name of schema.required) {
    if (!fields.has(name)) report.error("required", [...path, name], `"${name}" is missing`);
  }
  checkCount(fields.size, schema.minProperties, undefined, "field", path, report);
  return Object.fromEntries(fields);
}

function reportUnknownField(schema: AnyObjectSchema, name: string, path: FieldPath, report: Report): void {
  const known = Object.keys(schema.properties);
  const nearest = nearestName(name, known);
  const advice = nearest === undefined ? `Known here: ${known.sort().join(", ")}` : `Did you mean "${nearest}"?`;
  report.warning("unknown-field", [...path, name], `there is no field ${display(name)} here; it is ignored`, advice);
}

function readMap(schema: AnyMapSchema, value: unknown, path: FieldPath, report: Report): unknown {
  if (!isObject(value)) return reportType(report, path, "an object of names and values", value);
  const entries = Object.entries(value)
    .map(([name, child]: [string, unknown]) => [name, child ?? schema.nullValue] as const)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => [name, readValue(schema.values, child, [...path, name], report)] as const);
  checkCount(entries.length, schema.minProperties, schema.maxProperties, "entry", path, report);
  return Object.fromEntries(entries);
}

function readList(schema: AnyListSchema, value: unknown, path: FieldPath, report: Report): unknown {
  if (!Array.isArray(value)) return reportType(report, path, "a list", value);
  checkCount(value.length, schema.minItems, schema.maxItems, "item", path, report);
  // Of a list that is too long, the rest is not looked at: the object is refused anyway.
  const items = value
    .slice(0, schema.maxItems)
    .map((item: unknown, index) => readValue(schema.items, item, [...path, index], report));
  if (schema.listType !== "atomic") reportDuplicates(items, schema.listType === "map" ? schema.keys : [], path, report);
  return items;
}

/** With `keys` empty, whole items are compared. */
function reportDuplicates(
  items: readonly unknown[],
  keys: readonly string[] = [],
  path: FieldPath,
  report: Report,
): void {
  const first = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const identity = isObject(item) && keys.length > 0 ? keys.map((key) => ownProperty(item, key)) : [item];
    const text = identity.map(display).join(", ");
    const earlier = first.get(JSON.stringify(identity));
    if (earlier === undefined) first.set(JSON.stringify(identity), index);
    else {
      const what = keys.length > 0 ? `${keys.join(", ")} ${text}` : text;
      report.error("duplicate", [...path, index], `${what} is in this list already, as item ${earlier}`);
    }
  }
}

function readString(schema: StringSchema<string>, value: unknown, path: FieldPath, report: Report): unknown {
  if (typeof value !== "string") {
    const scalar = typeof value === "number" || typeof value === "boolean";
    return reportType(report, path, "text", value, scalar ? `Write it in quotes: "${String(value)}"` : undefined);
  }
  if (schema.enum !== undefined) {
    if (!schema.enum.includes(value)) reportEnum(schema.enum, value, path, report);
    return value;
  }
  const length = lengthOf(value);
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  if (length < minLength)
    report.error(
      "length",
      path,
      length === 0
        ? "must not be empty"
        : `${display(value)} is too short: at least ${minLength} characters are needed`,
    );
  else if (length > maxLength)
    report.error("length", path, `is too long: ${length} characters, but at most ${maxLength} are allowed`);
  else if (pattern !== undefined && !pattern.expression.test(value))
    report.error("pattern", path, `${display(value)} is not allowed: it must be ${pattern.description}`);
  else if (schema.format === "date-time" && !isDateTime(value))
    report.error("format", path, `${display(value)} is no date and time such as "2026-01-31T12:00:00Z"`);
  else if (schema.format === "byte" && decodeBase64(value) === undefined)
    report.error("format", path, "is not base64", 'Plain text goes under "stringData"');
  return value;
}

function reportEnum(allowed: readonly string[], value: string, path: FieldPath, report: Report): void {
  const nearest = nearestName(value, allowed);
  const advice = nearest === undefined ? undefined : `Did you mean "${nearest}"?`;
  const choices = allowed.map(display).join(", ");
  report.error("enum", path, `${display(value)} is not allowed: it must be one of ${choices}`, advice);
}

function readInteger(schema: IntegerSchema<number>, value: unknown, path: FieldPath, report: Report): unknown {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    const quoted = typeof value === "string" && /^-?[0-9]+$/.test(value);
    return reportType(report, path, "a whole number", value, quoted ? `Write it without quotes: ${value}` : undefined);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    report.error("enum", path, `${value} is not allowed: it must be one of ${schema.enum.join(", ")}`);
    return value;
  }
  const largest = schema.format === "int32" ? 2 ** 31 : 2 ** 63;
  const minimum = schema.minimum ?? -largest;
  const maximum = schema.maximum ?? largest - 1;
  if (value < minimum || value > maximum || value >= largest) {
    const range =
      schema.minimum === undefined
        ? `at most ${maximum}`
        : schema.maximum === undefined && value < minimum
          ? `at least ${minimum}`
          : `from ${minimum} to ${maximum}`;
    report.error("range", path, `${value} is not allowed: it must be ${range}`);
  }
  return value;
}

function readIntegerOrString(
  { pattern, minimum, maximum }: IntegerOrStringSchema,
  value: unknown,
  path: FieldPath,
  report: Report,
): unknown {
  if (typeof value === "number" && Number.isInteger(value)) {
    const bounds = { ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) };
    return readInteger({ type: "integer", ...bounds }, value, path, report);
  }
  if (typeof value === "string")
    return readString({ type: "string", ...(pattern && { pattern }) }, value, path, report);
  return reportType(report, path, "a whole number or text", value);
}

function checkCount(
  count: number,
  minimum: number | undefined,
  maximum: number | undefined,
  what: "field" | "item" | "entry",
  path: FieldPath,
  report: Report,
): void {
  const plural = (number: number): string => (number === 1 ? what : what === "entry" ? "entries" : `${what}s`);
  if (minimum !== undefined && count < minimum) {
    const found = count === 0 ? `has no ${plural(0)}` : `has ${count} ${plural(count)}`;
    report.error("count", path, `${found}, but needs at least ${minimum}`);
  }
  if (maximum !== undefined && count > maximum) {
    report.error("count", path, `has ${count} ${plural(count)}, but may have at most ${maximum}`);
  }
}

function reportType(report: Report, path: FieldPath, expected: string, value: unknown, advice?: string): undefined {
  report.error("type", path, `must be ${expected}, but is ${describeType(value)}`, advice);
}

function describeType(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return `the text ${display(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  return "an object with fields";
}

/** In messages: as JSON, cut where it is long. */
export function display(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function ownProperty<T>(record: Readonly<Record<string, T>> | object, name: string): T | undefined {
  return Object.hasOwn(record, name) ? (Reflect.get(record, name) as T) : undefined;
}

/** Code points, as Kubernetes counts. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
