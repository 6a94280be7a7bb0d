/**
 * A connection to a port of a pod, through the API server and the kubelet, which is how loopback of a pod is reached from outside.
 * On the WebSocket that carries it, a message's first byte says what it is: 0 the bytes themselves, 1 why there are none. The first
 * message of either is the number of the port.
 *
 * https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#-strong-proxy-operations-pod-v1-core-strong-
 */
import { Duplex } from "node:stream";
import { ApiError } from "./api-client.ts";
import { encodeFrame, type Frame, FrameReader, opcodes } from "./websocket-frames.ts";

/** The WebSocket protocol of messages with a channel in front. */
export const CHANNEL_PROTOCOL = "v4.channel.k8s.io";

const CHANNELS = { data: 0, error: 1 } as const;

export class PodStream extends Duplex {
  readonly #socket: Duplex;
  readonly #frames = new FrameReader();
  readonly #begun = new Set<number>();
  #message: Buffer[] = [];

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.once("end", () => this.push(null));
    socket.once("error", (error) => this.destroy(error));
    socket.once("close", () => this.push(null));
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(opcodes.binary, Buffer.concat([Buffer.of(CHANNELS.data), chunk]), done);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#send(opcodes.close, Buffer.alloc(0), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #send(opcode: number, payload: Buffer, done?: (error?: Error | null) => void): void {
    this.#socket.write(encodeFrame(opcode, payload, true), done);
  }

  #take(bytes: Buffer): void {
    for (const frame of this.#frames.push(bytes)) this.#takeFrame(frame);
  }

  #takeFrame({ opcode, isFinal, payload }: Frame): void {
    switch (opcode) {
      case opcodes.ping:
        this.#send(opcodes.pong, payload);
        break;
      case opcodes.close:
        this.push(null);
        break;
      case opcodes.binary:
      case opcodes.continuation:
        this.#message.push(payload);
        if (isFinal) this.#takeMessage(Buffer.concat(this.#message.splice(0)));
        break;
    }
  }

  #takeMessage(message: Buffer): void {
    const [channel = CHANNELS.data] = message;
    if (!this.#begun.has(channel)) {
      this.#begun.add(channel);
      return;
    }
    const content = message.subarray(1);
    if (channel === CHANNELS.error && content.length > 0)
      this.destroy(new ApiError("failed", `the pod's port: ${content.toString().trim()}`));
    else if (channel === CHANNELS.data && !this.push(content)) this.#socket.pause();
  }
}
