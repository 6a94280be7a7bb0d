/**
 * One file's objects: read, parsed, validated and defaulted, each with the place where it stands. A file is good as a whole or
 * not at all, because half of a file that somebody is writing is not what they mean.
 */
import { readFileSync, statSync } from "node:fs";
import { type KnownObject, type Problem, validate } from "../../resources/index.ts";
import { type Position, type YamlDocument, yamlDocuments } from "./yaml-documents.ts";

export interface FileProblem extends Position {
  readonly file: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly advice?: string;
  /** Field path, such as `spec.rules[0].matches`. */
  readonly path?: string;
  /** "HTTPRoute shop/cart", where that much could be read. */
  readonly object?: string;
}

export interface LoadedObject {
  readonly object: KnownObject;
  readonly file: string;
  /** Where a field of the object stands in its file. */
  locate(path: readonly (string | number)[]): Position;
}

export interface LoadedFile {
  readonly file: string;
  readonly objects: readonly LoadedObject[];
  readonly problems: readonly FileProblem[];
  /** False where an error keeps the file from being used. */
  readonly usable: boolean;
}

/** Larger files are refused, so that a file written by mistake cannot take the memory of everything else. */
export const MAX_FILE_BYTES: number = 16 * 1024 * 1024;

export function loadFile(file: string): LoadedFile {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES)
      throw new Error(`the file has ${size} bytes, more than the ${MAX_FILE_BYTES} that are read`);
    return loadText(file, readFileSync(file, "utf8"));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { file, objects: [], problems: [{ file, line: 1, column: 1, severity: "error", message }], usable: false };
  }
}

export function loadText(file: string, text: string): LoadedFile {
  const loaded = yamlDocuments(text).map((document) => loadDocument(file, document));
  const problems = loaded.flatMap((document) => document.problems);
  return {
    file,
    objects: loaded.flatMap((document) => document.objects),
    problems,
    usable: problems.every(({ severity }) => severity !== "error"),
  };
}

type LoadedDocument = Pick<LoadedFile, "objects" | "problems">;

function loadDocument(file: string, document: YamlDocument): LoadedDocument {
  if (document.problems.length > 0) {
    return { objects: [], problems: document.problems.map((problem) => ({ file, severity: "error", ...problem })) };
  }
  if (document.value === undefined) return { objects: [], problems: [] };
  return itemsOf(document).reduce<LoadedDocument>(
    (sum, { value, at }) => {
      const next = loadValue(file, value, (path) => document.locate([...at, ...path]));
      return { objects: [...sum.objects, ...next.objects], problems: [...sum.problems, ...next.problems] };
    },
    { objects: [], problems: [] },
  );
}

/** A `v1 List`, as `kubectl get -o yaml` prints it, stands for its items. */
function itemsOf({ value }: YamlDocument): { readonly value: unknown; readonly at: readonly (string | number)[] }[] {
  const list = value as { kind?: unknown; items?: unknown };
  const isList =
    typeof value === "object" &&
    typeof list.kind === "string" &&
    list.kind.endsWith("List") &&
    Array.isArray(list.items);
  if (!isList) return [{ value, at: [] }];
  return (list.items as unknown[]).map((item, index) => ({ value: item, at: ["items", index] }));
}

function loadValue(file: string, value: unknown, locate: LoadedObject["locate"]): LoadedDocument {
  const { object, problems } = validate(value, { defaultNamespace: "default" });
  const named = nameOf(value);
  return {
    objects: object === undefined ? [] : [{ object, file, locate }],
    problems: problems.map((problem) => fileProblemOf(problem, file, named, locate)),
  };
}

function fileProblemOf(
  { severity, path, message, advice }: Problem,
  file: string,
  object: string | undefined,
  locate: LoadedObject["locate"],
): FileProblem {
  return {
    file,
    ...locate(path),
    severity,
    message,
    ...(advice !== undefined && { advice }),
    ...(path.length > 0 && { path: formatPath(path) }),
    ...(object !== undefined && { object }),
  };
}

/** `spec.rules[0].matches`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, metadata } = value as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } | null };
  if (typeof kind !== "string" || typeof metadata?.name !== "string") return undefined;
  const { name, namespace } = metadata;
  return typeof namespace === "string" ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}
