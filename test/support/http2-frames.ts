/**
 * HTTP/2 as bytes, for requests that no client would send: any header, pseudo or not, in any order and as often as one likes. HPACK is
 * written without compression; of answers, only the body and how the stream ended are read.
 *
 * https://www.rfc-editor.org/rfc/rfc9113
 */

export type Header = readonly [name: string, value: string];

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const TYPES = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7 } as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const HEADER_BYTES = 9;

/** A connection with one request without a body, on the stream 1. */
export function requestOnConnection(headers: readonly Header[]): Buffer {
  return Buffer.concat([
    Buffer.from(PREFACE),
    frame(TYPES.settings, 0, 0, Buffer.alloc(0)),
    frame(TYPES.headers, END_STREAM | END_HEADERS, 1, Buffer.concat(headers.flatMap(literal))),
  ]);
}

export interface StreamAnswer {
  /** As far as it came. */
  readonly body: string;
  /** `open`: more may come. `broken`: it, or the connection, was given up by the other side. */
  readonly end: "open" | "complete" | "broken";
}

/** What has become of the stream 1 in these bytes of the other side. */
export function answerIn(bytes: Buffer): StreamAnswer {
  const body: Buffer[] = [];
  let end: StreamAnswer["end"] = "open";
  for (let at = 0; at + HEADER_BYTES <= bytes.length && end === "open";) {
    const length = bytes.readUIntBE(at, 3);
    const [type, flags, stream] = [bytes[at + 3], bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5)];
    const payload = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
    if (payload.length < length) break;
    if (type === TYPES.data && stream === 1) body.push(payload);
    const isOfStream = stream === 1 && (type === TYPES.data || type === TYPES.headers);
    if (isOfStream && (flags & END_STREAM) !== 0) end = "complete";
    if (type === TYPES.reset || type === TYPES.goAway) end = "broken";
    at += HEADER_BYTES + length;
  }
  return { body: Buffer.concat(body).toString(), end };
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** Never indexed, with a new name, no Huffman coding: RFC 7541, 6.2.2. */
const literal = ([name, value]: Header): Buffer[] => [Buffer.from([0]), text(name), text(value)];

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length >= 127) throw new Error("longer texts have more than one octet of length");
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
