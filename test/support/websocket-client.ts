/** A client of WebSockets through a gateway: any host and path. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { encodeFrame, FrameReader, opcodes } from "../../src/kubernetes/websocket-frames.ts";

const TIMEOUT_MS = 10_000;

export class WebSocketClient {
  readonly #connection: Socket;
  readonly #reader = new FrameReader();
  readonly #messages: string[] = [];
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(connection: Socket, head: Buffer) {
    this.#connection = connection;
    connection.on("data", (bytes: Buffer) => this.#take(bytes));
    connection.on("error", () => connection.destroy());
    connection.on("close", () => this.#wake.resolve());
    this.#take(head);
  }

  /** Rejects when the server does not switch protocols. */
  static async open(port: number, host: string, path: string, address = "127.0.0.1"): Promise<WebSocketClient> {
    const headers = {
      host,
      // As browsers send it; some servers insist on it.
      origin: `http://${host}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    };
    const outgoing = request({ host: address, port, path, headers, agent: false });
    outgoing.end();
    const refused = once(outgoing, "response").then(([response]: IncomingMessage[]) => {
      outgoing.destroy();
      throw new Error(`no WebSocket: status ${response?.statusCode}`);
    });
    const upgraded = once(outgoing, "upgrade").then(
      ([, connection, head]) => new WebSocketClient(connection as Socket, head as Buffer),
    );
    refused.catch(() => {});
    upgraded.catch(() => {});
    return await Promise.race([upgraded, refused]);
  }

  get isOpen(): boolean {
    return !this.#connection.destroyed;
  }

  send(text: string): void {
    this.#connection.write(encodeFrame(opcodes.text, Buffer.from(text), true));
  }

  /** The next message. Rejects when the connection is closed, or nothing comes in 10 s. */
  async receive(): Promise<string> {
    const timer = setTimeout(() => this.#connection.destroy(), TIMEOUT_MS);
    try {
      while (this.#messages.length === 0 && this.isOpen) {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    } finally {
      clearTimeout(timer);
    }
    const message = this.#messages.shift();
    if (message === undefined) throw new Error("the WebSocket was closed");
    return message;
  }

  close(): void {
    this.#connection.end(encodeFrame(opcodes.close, Buffer.alloc(0), true));
    this.#connection.destroySoon();
  }

  #take(bytes: Buffer): void {
    for (const { opcode, payload } of this.#reader.push(bytes)) {
      if (opcode === opcodes.text) this.#messages.push(payload.toString());
      if (opcode === opcodes.close) this.#connection.destroySoon();
    }
    this.#wake.resolve();
  }
}
