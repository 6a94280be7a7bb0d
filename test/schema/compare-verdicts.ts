/** Holds our validation of an object against Kubernetes'. */
import { formatPath, validate } from "../../src/resources/index.ts";
import type { JsonObject } from "./custom-resource-schema.ts";
import { canonical } from "./schema-facts.ts";
import type { SchemaOracle, Verdict } from "./schema-oracle.ts";

/** Where the two disagree, in words; empty when they agree. The verdict is Kubernetes'. */
export interface Comparison {
  readonly differences: readonly string[];
  readonly verdict: Verdict;
}

/**
 * They agree when both refuse an object, or both accept it, make the same object of it and drop the same unknown fields.
 * Which error is told of several, and in which words, is ours to choose.
 */
export async function compareVerdicts(oracle: SchemaOracle, object: JsonObject): Promise<Comparison> {
  const verdict = await oracle.verdictOn(object);
  const before = canonical(object);
  const ours = validate(object, { status: "drop" });
  const differences = canonical(object) === before ? [] : ["ours changed the object that it was given"];
  const errors = ours.problems.filter(({ severity }) => severity === "error");
  if ((errors.length === 0) !== verdict.valid) {
    const told = errors.map(({ path, message }) => `${formatPath(path)}: ${message}`);
    differences.push(`ours: ${told.join("; ") || "valid"}`, `Kubernetes: ${kubernetesErrors(verdict) || "valid"}`);
  } else if (verdict.valid) {
    differences.push(...differencesOfValid(ours, verdict));
  }
  return { differences, verdict };
}

function kubernetesErrors(verdict: Verdict): string {
  return verdict.errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

function differencesOfValid(ours: ReturnType<typeof validate>, verdict: Verdict): readonly string[] {
  const unknown = ours.problems.filter(({ kind }) => kind === "unknown-field").map(({ path }) => formatPath(path));
  // We pass over a status as a whole, unread.
  const unknownFields = verdict.unknownFields.filter((path) => !path.startsWith("status."));
  return [
    ...unequal("unknown fields", unknown.toSorted(), unknownFields.toSorted()),
    ...unequal("object", essenceOf(ours.object), essenceOf(verdict.defaulted)),
  ];
}

function unequal(what: string, ours: unknown, kubernetes: unknown): readonly string[] {
  const [one, other] = [canonical(ours), canonical(kubernetes)];
  return one === other ? [] : [`${what}: ours ${one}`, `${what}: Kubernetes' ${other}`];
}

/** Without the status, which the API server does not keep on creation, and without metadata that is empty, which it does not write. */
function essenceOf(object: object | null | undefined): unknown {
  const fields = Object.entries(object ?? {}).filter(([name]) => name !== "status");
  return Object.fromEntries(fields.map(([name, value]) => [name, name === "metadata" ? withoutEmpty(value) : value]));
}

function withoutEmpty(metadata: unknown): unknown {
  if (typeof metadata !== "object" || metadata === null) return metadata;
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => !['""', "0", "{}", "[]"].includes(canonical(value))),
  );
}
