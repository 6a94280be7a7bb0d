/**
 * The messages of the tests' gRPC service, without generated code. Any service and method is served; a method whose name begins
 * with "Stream" answers with `count` messages.
 *
 *     message EchoRequest { string text = 1; int32 count = 2; int32 delay_ms = 3; int32 status = 4; }
 *     message EchoReply   { string backend = 1; string text = 2; int32 index = 3; string path = 4; repeated string metadata = 5; }
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export interface EchoRequest {
  readonly text: string;
  /** Of streams: how many messages. Default 1. */
  readonly count?: number;
  /** Before each message. */
  readonly delayMs?: number;
  /** A gRPC status other than 0 to end with. */
  readonly status?: number;
}

export interface EchoReply {
  readonly backend: string;
  readonly text: string;
  readonly index: number;
  /** `/package.Service/Method` */
  readonly path: string;
  /** What the backend got, as "name: value". */
  readonly metadata: readonly string[];
}

export function encodeRequest({ text, count = 1, delayMs = 0, status = 0 }: EchoRequest): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(text);
  writer.tag(2, WireType.Varint).int32(count).tag(3, WireType.Varint).int32(delayMs);
  return writer.tag(4, WireType.Varint).int32(status).finish();
}

export function decodeRequest(bytes: Uint8Array): Required<EchoRequest> {
  const { strings, numbers } = fieldsOf(bytes);
  return {
    text: strings.get(1)?.[0] ?? "",
    count: numbers.get(2) ?? 1,
    delayMs: numbers.get(3) ?? 0,
    status: numbers.get(4) ?? 0,
  };
}

export function encodeReply({ backend, text, index, path, metadata }: EchoReply): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(backend);
  writer.tag(2, WireType.LengthDelimited).string(text).tag(3, WireType.Varint).int32(index);
  writer.tag(4, WireType.LengthDelimited).string(path);
  for (const entry of metadata) writer.tag(5, WireType.LengthDelimited).string(entry);
  return writer.finish();
}

export function decodeReply(bytes: Uint8Array): EchoReply {
  const { strings, numbers } = fieldsOf(bytes);
  return {
    backend: strings.get(1)?.[0] ?? "",
    text: strings.get(2)?.[0] ?? "",
    index: numbers.get(3) ?? 0,
    path: strings.get(4)?.[0] ?? "",
    metadata: strings.get(5) ?? [],
  };
}

function fieldsOf(bytes: Uint8Array): { strings: Map<number, string[]>; numbers: Map<number, number> } {
  const reader = new BinaryReader(bytes);
  const strings = new Map<number, string[]>();
  const numbers = new Map<number, number>();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) strings.set(field, [...(strings.get(field) ?? []), reader.string()]);
    else if (wireType === WireType.Varint) numbers.set(field, reader.int32());
    else reader.skip(wireType);
  }
  return { strings, numbers };
}

/** A message with gRPC's five bytes before it. */
export function frameMessage(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The messages in a complete, uncompressed body. */
export function unframeMessages(body: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}
