/**
 * Everything there is to say about a configuration, as one list with places in files: problems of files and of validation,
 * and findings of translation.
 */
import type { FileProblem, FileState } from "../sources/index.ts";
import type { Finding } from "../translate/index.ts";
import { formatObject, parseObjectKey } from "../resources/index.ts";

/** Sorted by file, line and column; what stands in no file comes first. */
export interface Diagnostic {
  readonly severity: Finding["severity"];
  /** Stable, in kebab case. */
  readonly code: string;
  readonly message: string;
  readonly advice?: string;
  readonly object?: string;
  readonly path?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export function diagnose(state: Pick<FileState, "problems" | "places">, findings: Iterable<Finding>): Diagnostic[] {
  const ofFiles = state.problems.map((problem): Diagnostic => ({ code: codeOf(problem), ...problem }));
  const ofTranslation = [...findings].map(({ object, severity, code, message, path, advice }): Diagnostic => {
    const place = state.places.get(object);
    const named: Diagnostic = {
      severity,
      code,
      message,
      ...(advice !== undefined && { advice }),
      ...(path !== undefined && { path }),
      object: formatObject(parseObjectKey(object)),
    };
    return place === undefined ? named : { ...named, file: place.file, ...place.locate(stepsOf(path ?? "")) };
  });
  return [...ofFiles, ...ofTranslation].sort(compareDiagnostics);
}

const codeOf = ({ severity }: FileProblem): string => (severity === "error" ? "invalid" : "ignored");

/** The steps of a field path: `spec.rules[0].name` is spec, rules, 0, name. */
function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, name]) =>
    index === undefined ? (quoted ?? name ?? "") : Number(index),
  );
}

function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  const [fileA, fileB] = [a.file ?? "", b.file ?? ""];
  if (fileA !== fileB) return fileA < fileB ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || (a.message < b.message ? -1 : 1);
}
