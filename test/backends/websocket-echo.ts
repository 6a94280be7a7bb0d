/** The server's side of a WebSocket (RFC 6455) that sends back what it gets. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { encodeFrame, FrameReader, opcodes } from "../../src/kubernetes/websocket-frames.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Answers an upgrade: the first message is the backend's name, then every message comes back. Anything else is a 400. */
export function serveWebSocket(backend: string, request: IncomingMessage, connection: Socket): void {
  const key = request.headers["sec-websocket-key"];
  connection.on("error", () => connection.destroy());
  if (request.headers.upgrade?.toLowerCase() !== "websocket" || key === undefined) {
    connection.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    return;
  }
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: Upgrade"];
  const lines = [...head, `sec-websocket-accept: ${accept}`, `x-backend: ${backend}`, "", ""];
  connection.write(lines.join("\r\n"));
  connection.write(encodeFrame(opcodes.text, Buffer.from(backend)));
  const reader = new FrameReader();
  connection.on("data", (bytes: Buffer) => {
    for (const { opcode, payload } of reader.push(bytes)) {
      if (opcode === opcodes.ping) connection.write(encodeFrame(opcodes.pong, payload));
      else if (opcode === opcodes.close) connection.end(encodeFrame(opcodes.close, payload));
      else if (opcode !== opcodes.pong) connection.write(encodeFrame(opcode, payload));
    }
  });
}
