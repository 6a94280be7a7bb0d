/**
 * Validation of whole objects, as the API server would do it with the experimental CRDs of Gateway API v1.7.0: parsed YAML or
 * JSON in, an object with its defaults out, or else what is wrong with it.
 */
import { experimentalGroup, gatewayGroup, groupOf, kinds, type KnownObject, versionOf } from "../kinds.ts";
import type { ObjectIdentity } from "../object-key.ts";
import type { KubernetesObject } from "../types/meta.ts";
import { nearestName } from "./nearest-name.ts";
import type { Problem } from "./problem.ts";
import { readChange } from "./read-change.ts";
import { display, readValue, Report } from "./read-value.ts";
import { fieldOf } from "./rule.ts";
import type { AnyObjectSchema } from "./schema.ts";
import { schemas, type KindSchema } from "./schemas.ts";

export interface ValidateOptions {
  /** The namespace of namespaced objects that name none; "default" unless stated. */
  readonly namespaceDefault?: string;
  /** `keep` (the default) checks and keeps the status, for objects from an API server; `drop` passes it over, as on creation. */
  readonly status?: "keep" | "drop";
  /** The object as it was before, if it is a change: then what may not change is checked, too. */
  readonly previous?: KubernetesObject;
}

export interface Validation {
  /** With its defaults. Absent where a problem is an error, and for kinds that are not read. */
  readonly object?: KnownObject;
  /** Whose problems these are, as soon as that much could be read. */
  readonly identity?: ObjectIdentity;
  readonly problems: readonly Problem[];
}

/** `value` is what a YAML or JSON parser yields. It is not changed, and the result may share parts with it. */
export function validate(value: unknown, options: ValidateOptions = {}): Validation {
  const report = new Report();
  if (!isObject(value)) {
    report.error("type", [], "is no Kubernetes object: it must have the fields apiVersion, kind and metadata");
    return { problems: report.problems };
  }
  const apiVersion = readName(value, "apiVersion", report);
  const kind = readName(value, "kind", report);
  if (apiVersion === undefined || kind === undefined) return { problems: report.problems };
  const identity = identityOf(value, apiVersion, kind, options);
  const base = identity === undefined ? {} : { identity };
  const entry = schemas.find(
    (candidate) =>
      candidate.kind === kind && candidate.group === groupOf(apiVersion) && candidate.version === versionOf(apiVersion),
  );
  if (entry === undefined) {
    reportUnknownKind(apiVersion, kind, report);
    return { ...base, problems: report.problems };
  }
  const object = readObject(entry, value, options, report);
  if (report.errors > 0) return { ...base, problems: report.problems };
  return { ...base, object, problems: report.problems };
}

function readName(value: object, field: "apiVersion" | "kind", report: Report): string | undefined {
  const name = fieldOf(value, field);
  if (typeof name === "string" && name !== "") return name;
  if (name === undefined || name === null || name === "") report.error("required", [field], `"${field}" is missing`);
  else report.error("type", [field], `must be text, but is ${display(name)}`);
  return undefined;
}

function readObject(entry: KindSchema, value: object, options: ValidateOptions, report: Report): KnownObject {
  const dropsStatus = options.status === "drop";
  const schema = dropsStatus ? withoutStatus(entry.schema) : entry.schema;
  const metadata = readyMetadata(entry, fieldOf(value, "metadata"), options, report);
  const written = Object.entries(value).filter(([field]) => !(dropsStatus && field === "status"));
  const read = readValue(schema, { ...Object.fromEntries(written), metadata }, [], report);
  if (options.previous !== undefined && report.errors === 0) readChange(schema, read, options.previous, [], report);
  // The schema is typed by the kind's type, and has found no error if this value is used.
  const object = read as KnownObject;
  return report.errors === 0 && entry.complete !== undefined ? entry.complete(object) : object;
}

/** Metadata with the namespace that the object gets. */
function readyMetadata(entry: KindSchema, metadata: unknown, options: ValidateOptions, report: Report): unknown {
  if (metadata !== undefined && metadata !== null && !isObject(metadata)) return metadata;
  const fields: object = metadata ?? {};
  const namespace = fieldOf(fields, "namespace");
  const stated = namespace !== undefined && namespace !== null && namespace !== "";
  if (entry.namespaced) return stated ? fields : { ...fields, namespace: options.namespaceDefault ?? "default" };
  if (!stated) return fields;
  report.warning(
    "metadata",
    ["metadata", "namespace"],
    `a ${entry.kind} belongs to no namespace; ${display(namespace)} is ignored`,
    'Remove "namespace"',
  );
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== "namespace"));
}

const withoutStatusCache = new WeakMap<AnyObjectSchema, AnyObjectSchema>();

function withoutStatus(schema: AnyObjectSchema): AnyObjectSchema {
  const cached = withoutStatusCache.get(schema);
  if (cached !== undefined) return cached;
  const { status: _, ...properties } = schema.properties;
  const result = { ...schema, properties };
  withoutStatusCache.set(schema, result);
  return result;
}

function identityOf(
  value: object,
  apiVersion: string,
  kind: string,
  options: ValidateOptions,
): ObjectIdentity | undefined {
  const metadata = fieldOf(value, "metadata");
  const name = isObject(metadata) ? fieldOf(metadata, "name") : undefined;
  if (!isObject(metadata) || typeof name !== "string" || name === "") return undefined;
  const group = groupOf(apiVersion);
  const known = schemas.find((entry) => entry.kind === kind && entry.group === group);
  if (known?.namespaced === false) return { group, kind, name };
  const stated = fieldOf(metadata, "namespace");
  const namespace = typeof stated === "string" && stated !== "" ? stated : (options.namespaceDefault ?? "default");
  return { group, kind, namespace, name };
}

/** Kinds of the Gateway API that exist and that Trilith does not read. */
const unreadKinds: readonly string[] = ["XListenerSet"];

/** Kinds of others are only passed over; a kind that the Gateway API does not have is a mistake. */
function reportUnknownKind(apiVersion: string, kind: string, report: Report): void {
  const group = groupOf(apiVersion);
  const served = schemas.filter((entry) => entry.group === group && entry.kind === kind);
  if (served.length > 0) {
    const versions = served.map(({ version }) => (group === "" ? version : `${group}/${version}`));
    const message = `${kind} has no version ${display(versionOf(apiVersion))}: it must be ${versions.join(" or ")}`;
    return report.error("unknown-kind", ["apiVersion"], message, `Set "apiVersion" to ${versions[0] ?? ""}`);
  }
  const ours = group === gatewayGroup || group === experimentalGroup;
  if (!ours || unreadKinds.includes(kind)) {
    const other = Object.values(kinds).find((known) => known.kind === kind);
    const advice =
      other !== undefined && !group.includes(".")
        ? `${kind} is read from ${other.group === "" ? "" : `${other.group}/`}${other.versions[0] ?? ""}`
        : undefined;
    return report.warning(
      "unknown-kind",
      ["kind"],
      `Trilith does not read ${kind} of ${apiVersion}; it is ignored`,
      advice,
    );
  }
  const nearest = nearestName(
    kind,
    schemas
      .filter((entry) => entry.group === gatewayGroup || entry.group === experimentalGroup)
      .map((entry) => entry.kind),
  );
  const advice = nearest === undefined ? undefined : `Did you mean ${nearest}?`;
  report.error("unknown-kind", ["kind"], `the Gateway API has no kind ${display(kind)} in ${apiVersion}`, advice);
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
