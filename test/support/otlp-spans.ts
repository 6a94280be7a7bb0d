/**
 * Spans out of an export of OTLP, as far as tests look at them.
 *
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export interface Span {
  readonly traceId: string;
  readonly id: string;
  /** Empty: it begins the trace. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: "server" | "client" | "other";
  readonly attributes: Readonly<Record<string, string>>;
  /** Of whoever made it. */
  readonly resource: Readonly<Record<string, string>>;
}

/** Numbers of the fields that are looked at. */
const RESOURCE_SPANS = 1;
const OF_RESOURCE_SPANS = { resource: 1, scopeSpans: 2 };
const SCOPE_SPANS_SPANS = 2;
const RESOURCE_ATTRIBUTES = 1;
const OF_SPAN = { traceId: 1, id: 2, parentId: 4, name: 5, kind: 6, attributes: 9 };
const KINDS: Readonly<Record<number, Span["kind"]>> = { 2: "server", 3: "client" };

/** `message`: an ExportTraceServiceRequest. */
export function spansOf(message: Uint8Array): Span[] {
  return parts(message, RESOURCE_SPANS).flatMap((resourceSpans) => {
    const resource = parts(resourceSpans, OF_RESOURCE_SPANS.resource).flatMap((of) => parts(of, RESOURCE_ATTRIBUTES));
    const scopes = parts(resourceSpans, OF_RESOURCE_SPANS.scopeSpans);
    return scopes
      .flatMap((scope) => parts(scope, SCOPE_SPANS_SPANS))
      .map((span) => spanOf(span, attributesOf(resource)));
  });
}

function spanOf(span: Uint8Array, resource: Span["resource"]): Span {
  const bytes = (field: number): Buffer => Buffer.from(parts(span, field)[0] ?? []);
  return {
    traceId: bytes(OF_SPAN.traceId).toString("hex"),
    id: bytes(OF_SPAN.id).toString("hex"),
    parentId: bytes(OF_SPAN.parentId).toString("hex"),
    name: bytes(OF_SPAN.name).toString("utf8"),
    kind: KINDS[numberAt(span, OF_SPAN.kind)] ?? "other",
    attributes: attributesOf(parts(span, OF_SPAN.attributes)),
    resource,
  };
}

/** Values that are no texts are left out: field 1 of a value is a text. */
const attributesOf = (keyValues: readonly Uint8Array[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    keyValues.flatMap((keyValue) => {
      const text = parts(keyValue, 2).flatMap((value) => parts(value, 1))[0];
      return text === undefined
        ? []
        : [[Buffer.from(parts(keyValue, 1)[0] ?? []).toString(), Buffer.from(text).toString()]];
    }),
  );

/** All values of a field of texts, bytes or messages. */
function parts(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  eachField(message, (field, type, reader) => {
    if (field !== wanted || type !== WireType.LengthDelimited) return false;
    found.push(reader.bytes());
    return true;
  });
  return found;
}

function numberAt(message: Uint8Array, wanted: number): number {
  let found = 0;
  eachField(message, (field, type, reader) => {
    if (field !== wanted || type !== WireType.Varint) return false;
    found = reader.int32();
    return true;
  });
  return found;
}

/** `take` reads the field, or says that it has not. */
function eachField(message: Uint8Array, take: (field: number, type: WireType, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!take(field, type, reader)) reader.skip(type, field);
  }
}
