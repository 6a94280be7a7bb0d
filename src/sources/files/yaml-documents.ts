/**
 * YAML text as documents whose values know where they stand. Anchors are followed, but boundedly, so that a small file
 * cannot grow into a large object; duplicate keys are errors, as for the API server in strict mode.
 */
import { type Document, isCollection, isMap, isPair, isScalar, LineCounter, type Node, parseAllDocuments } from "yaml";

/** Where something stands in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlDocument {
  /** Plain data; undefined for a document that is empty or could not be read. */
  readonly value: unknown;
  readonly position: Position;
  readonly problems: readonly (Position & { readonly message: string })[];
  /** Where the value at a field path stands; of the nearest enclosing value where the path leads nowhere. */
  readonly locate: (path: readonly (string | number)[]) => Position;
}

/** A piece of a file that can be read without the rest: one document, but for files with directives. */
export interface YamlPiece {
  readonly text: string;
  /** How many lines of the file come before it. */
  readonly linesBefore: number;
}

/** How often anchors may be used in one document before it is refused. */
const MAX_ALIASES = 100;

/**
 * The pieces of a file. A line that begins with `---` begins a document wherever it stands (YAML 1.2, section 9.1.2); directives
 * and the `...` that they need speak of more than one document, so a file with such lines is one piece.
 */
export function yamlPieces(text: string): YamlPiece[] {
  if (/^(%|\.\.\.(\s|$))/m.test(text)) return [{ text, linesBefore: 0 }];
  const pieces: YamlPiece[] = [];
  let linesBefore = 0;
  for (const piece of text.split(/^(?=---(?:\s|$))/m)) {
    pieces.push({ text: piece, linesBefore });
    linesBefore += piece.split("\n").length - 1;
  }
  return pieces;
}

export function yamlDocuments({ text, linesBefore }: YamlPiece): YamlDocument[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const documents = "empty" in parsed ? [] : parsed;
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1) + linesBefore, column: Math.max(col, 1) };
  };
  return documents.map((document) => readDocument(document, positionAt));
}

function readDocument(document: Document.Parsed, positionAt: (offset: number) => Position): YamlDocument {
  const start = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
  const problems = document.errors.map(({ pos, message }) => ({
    ...positionAt(pos[0]),
    message: inPlainWords(message),
  }));
  const read = problems.length > 0 ? { value: undefined } : plainValue(document);
  if ("message" in read) problems.push({ ...positionAt(start), message: read.message });
  return {
    value: "value" in read ? read.value : undefined,
    position: positionAt(start),
    problems,
    locate: (path) => positionAt(offsetOf(document.contents, path) ?? start),
  };
}

function plainValue(document: Document.Parsed): { readonly value: unknown } | { readonly message: string } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) ?? undefined };
  } catch (error) {
    return { message: inPlainWords(error instanceof Error ? error.message : String(error)) };
  }
}

/** The parser works by recursion, and says of values in values without end only that its stack was too small. */
function inPlainWords(message: string): string {
  return /call stack|stack overflow/i.test(message) ? "the values are nested too deeply to be read" : message;
}

/** A key's own offset for a field of a map, an item's for an element of a list. */
function offsetOf(root: Node | null, path: readonly (string | number)[]): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const step of path) {
    if (!isCollection(node)) return offset;
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
      if (pair === undefined) return offset;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) return offset;
      const { range } = item as Node;
      offset = range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}
