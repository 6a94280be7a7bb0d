/**
 * One file's objects: read, parsed, validated and defaulted, each with the place where it stands. An object that is not
 * valid is told by name, so that its last good state can stay; text that is no YAML makes the whole file unusable, because
 * nobody can say what it was meant to hold.
 */
import { readFileSync, statSync } from "node:fs";
import {
  type FieldPath,
  formatObject,
  formatPath,
  type KnownObject,
  objectKey,
  type ObjectKey,
  type Problem,
  validate,
} from "../../resources/index.ts";
import { type Position, type YamlDocument, yamlDocuments, type YamlPiece, yamlPieces } from "./yaml-documents.ts";

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
  readonly locate: (path: FieldPath) => Position;
}

export interface LoadedFile {
  readonly file: string;
  readonly objects: readonly LoadedObject[];
  readonly problems: readonly FileProblem[];
  /** Objects that are in the file and not valid. */
  readonly invalid: readonly ObjectKey[];
  /** Objects by the text that states them, for pieces that there is nothing to say about. */
  readonly pieces: ReadonlyMap<string, readonly KnownObject[]>;
  /** False where it cannot even be said which objects the file holds. */
  readonly usable: boolean;
}

/** Larger files are refused, so that a file written by mistake cannot take the memory of everything else. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** `before`: the file as it was loaded last; objects whose text has not changed are taken from there, and stay the very same. */
export function loadFile(file: string, before?: LoadedFile): LoadedFile {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES)
      throw new Error(`the file has ${size} bytes, more than the ${MAX_FILE_BYTES} that are read`);
    return loadText(file, readFileSync(file, "utf8"), before);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      file,
      objects: [],
      problems: [{ file, line: 1, column: 1, severity: "error", message }],
      invalid: [],
      usable: false,
      pieces: new Map(),
    };
  }
}

function loadText(file: string, text: string, before: LoadedFile | undefined): LoadedFile {
  const loaded: LoadedValue[] = [];
  const pieces = new Map<string, readonly KnownObject[]>();
  for (const piece of yamlPieces(text)) {
    const known = before?.pieces.get(piece.text);
    const values = known
      ? known.map((object, index) => knownValue(file, object, piece, index))
      : loadPiece(file, piece);
    loaded.push(...values);
    // What has something to be told is read again each time, because the place of it may have moved.
    const isPlain = values.every(({ object, problems }) => object !== undefined && problems.length === 0);
    if (isPlain)
      pieces.set(
        piece.text,
        values.flatMap(({ object }) => object?.object ?? []),
      );
  }
  return {
    file,
    objects: loaded.flatMap(({ object }) => object ?? []),
    problems: loaded.flatMap(({ problems }) => problems),
    invalid: loaded.flatMap(({ invalid }) => invalid ?? []),
    usable: loaded.every(({ usable }) => usable),
    pieces,
  };
}

interface LoadedValue {
  readonly object?: LoadedObject;
  readonly problems: readonly FileProblem[];
  readonly invalid?: ObjectKey;
  readonly usable: boolean;
}

function loadPiece(file: string, piece: YamlPiece): LoadedValue[] {
  let index = 0;
  return yamlDocuments(piece).flatMap((document) => {
    if (document.problems.length > 0) {
      return [
        {
          problems: document.problems.map((problem) => ({ file, severity: "error" as const, ...problem })),
          usable: false,
        },
      ];
    }
    if (document.value === undefined) return [];
    return itemsOf(document).map(({ value, at }) =>
      loadValue(file, value, (path) => document.locate([...at, ...path]), laterIn(piece, index++)),
    );
  });
}

function knownValue(file: string, object: KnownObject, piece: YamlPiece, index: number): LoadedValue {
  return { object: { object, file, locate: laterIn(piece, index) }, problems: [], usable: true };
}

/**
 * Where fields of the piece's `index`th value stand, read again when somebody asks: the trees of thousands of documents take
 * many times the memory of their texts, and few are ever asked.
 */
function laterIn(piece: YamlPiece, index: number): LoadedObject["locate"] {
  return (path) => {
    const values = yamlDocuments(piece).flatMap((document) =>
      document.value === undefined ? [] : itemsOf(document).map(({ at }) => ({ document, at })),
    );
    const found = values[index];
    return found?.document.locate([...found.at, ...path]) ?? { line: piece.linesBefore + 1, column: 1 };
  };
}

/** A `v1 List`, as `kubectl get -o yaml` prints it, stands for its items. */
function itemsOf({ value }: YamlDocument): { readonly value: unknown; readonly at: FieldPath }[] {
  const list = value as { kind?: unknown; items?: unknown };
  const isList =
    typeof value === "object" &&
    typeof list.kind === "string" &&
    list.kind.endsWith("List") &&
    Array.isArray(list.items);
  if (!isList) return [{ value, at: [] }];
  return (list.items as unknown[]).map((item, index) => ({ value: item, at: ["items", index] }));
}

function loadValue(
  file: string,
  value: unknown,
  locate: LoadedObject["locate"],
  later: LoadedObject["locate"],
): LoadedValue {
  const { object, identity, problems } = validate(value, { namespaceDefault: "default", status: "drop" });
  const isInvalid = object === undefined && problems.some(({ severity }) => severity === "error");
  return {
    ...(object && { object: { object, file, locate: later } }),
    problems: problems.map((problem) => fileProblemOf(problem, file, identity && formatObject(identity), locate)),
    ...(isInvalid && identity && { invalid: objectKey(identity) }),
    usable: !isInvalid || identity !== undefined,
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
