/**
 * Frames of a WebSocket, as bytes and back. Who joins the frames of a message, and answers those that only keep the connection, is
 * whoever reads them.
 *
 * https://www.rfc-editor.org/rfc/rfc6455#section-5
 */
import { randomBytes } from "node:crypto";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  /** Whether it is the last one of its message. */
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

/** A message in one frame. Clients mask, servers do not. */
export function encodeFrame(opcode: number, payload: Buffer, isMasked = false): Buffer {
  const final = 0x80;
  const maskBit = isMasked ? 0x80 : 0;
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = final | opcode;
  head[1] = maskBit | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, applyMask(payload, mask)]);
}

export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);

  /** The frames that are complete with these bytes. */
  push(bytes: Buffer): Frame[] {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    const buffer = this.#buffer;
    if (buffer.length < 2) return undefined;
    const short = buffer.readUInt8(1) & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskBytes = buffer.readUInt8(1) & 0x80 ? 4 : 0;
    const start = 2 + lengthBytes + maskBytes;
    if (buffer.length < start) return undefined;
    const length =
      lengthBytes === 0 ? short : lengthBytes === 2 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (buffer.length < start + length) return undefined;
    const payload = buffer.subarray(start, start + length);
    const mask = buffer.subarray(start - maskBytes, start);
    this.#buffer = buffer.subarray(start + length);
    const first = buffer.readUInt8(0);
    return {
      opcode: first & 0x0f,
      isFinal: (first & 0x80) !== 0,
      payload: maskBytes ? applyMask(payload, mask) : payload,
    };
  }
}

function applyMask(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
}
