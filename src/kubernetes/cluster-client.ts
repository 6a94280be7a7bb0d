/**
 * An ApiClient of a real API server. It tries nothing twice: whoever calls knows what may be repeated, and when.
 *
 * Every way for a call to end is an ApiError: an answer that is no success by what it says; no answer, or a broken one, is
 * `unreachable`; the caller's signal `aborted`; its time `timeout`.
 */
import type { Duplex } from "node:stream";
import { type ApiCall, type ApiClient, ApiError, resourcePath } from "./api-client.ts";
import { errorOfAnswer } from "./api-failure.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import type { HttpAnswer, HttpConnections } from "./http-exchange.ts";
import { JsonLines } from "./json-lines.ts";
import { CHANNEL_PROTOCOL, PodStream } from "./pod-stream.ts";

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface ClusterClient extends ApiClient, Disposable {
  readonly server: URL;
  /** Of the context, or of the pod. */
  readonly namespace: string;
  /** A connection to a port of a pod, its loopback among them: for this, one may have to be allowed `pods/portforward`. */
  connectToPod(at: PodPort, signal: AbortSignal): Promise<Duplex>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Of an error's body; what is longer is cut, since nobody reads it. */
const MOST_ERROR_BYTES = 64 * 1024;
const CONTENT_TYPES = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export class HttpClusterClient implements ClusterClient {
  readonly #access: ClusterAccess;
  readonly #connections: HttpConnections;
  readonly #userAgent: string;

  constructor(access: ClusterAccess, connections: HttpConnections, userAgent: string) {
    this.#access = access;
    this.#connections = connections;
    this.#userAgent = userAgent;
  }

  get server(): URL {
    return this.#access.server;
  }

  get namespace(): string {
    return this.#access.namespace;
  }

  async request<Answer>(call: ApiCall): Promise<Answer> {
    using deadline = new Deadline(call);
    try {
      const { body } = await this.#send(call, deadline);
      const text = await textOf(body, Number.POSITIVE_INFINITY);
      return JSON.parse(text) as Answer;
    } catch (error) {
      throw deadline.errorOf(error);
    }
  }

  async *stream<Document>(call: ApiCall): AsyncGenerator<Document> {
    using deadline = new Deadline(call);
    const lines = new JsonLines();
    try {
      const { body } = await this.#send(call, deadline);
      for await (const piece of body) {
        deadline.renew();
        for (const document of lines.take(piece)) yield document as Document;
      }
    } catch (error) {
      throw deadline.errorOf(error);
    }
  }

  async connectToPod({ namespace, pod, port }: PodPort, signal: AbortSignal): Promise<Duplex> {
    const location = { group: "", version: "v1", plural: "pods", namespace, name: pod, subresource: "portforward" };
    const socket = await this.#connections.upgrade({
      path: `${resourcePath(location)}?ports=${port}`,
      headers: { "user-agent": this.#userAgent, ...(await this.#access.headers()) },
      protocol: CHANNEL_PROTOCOL,
      signal,
    });
    return new PodStream(socket);
  }

  [Symbol.dispose](): void {
    this.#connections[Symbol.dispose]();
  }

  async #send(call: ApiCall, { signal }: Deadline): Promise<HttpAnswer> {
    const { method, path, query, body } = call;
    const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : "";
    const answer = await this.#connections.send({
      method,
      path: `${path}${search}`,
      headers: {
        accept: call.as === undefined ? "application/json" : `application/json;as=${call.as};g=meta.k8s.io;v=v1`,
        "user-agent": this.#userAgent,
        ...(body !== undefined && {
          "content-type": call.patch ? CONTENT_TYPES[call.patch] : "application/json",
        }),
        ...(await this.#access.headers()),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
    if (answer.status >= 200 && answer.status < 300) {
      call.onAnswer?.();
      return answer;
    }
    if (answer.status === 401) this.#access.forget();
    const text = await textOf(answer.body, MOST_ERROR_BYTES);
    throw errorOfAnswer(answer.status, answer.header("retry-after"), text, describeCall(call));
  }
}

const describeCall = ({ method, path }: ApiCall): string => `${method} ${path}`;

async function textOf(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length > mostBytes) break;
  }
  return Buffer.concat(pieces).toString();
}

/** Nobody reads it; without a reason, each abort makes an error with a stack, which costs a call much of its time. */
const OVER: unique symbol = Symbol("the call is over");

/** Ends a call when its time is over or its caller wants it no more, and knows which of them it was. */
class Deadline implements Disposable {
  readonly #call: ApiCall;
  readonly #abort = new AbortController();
  readonly #timeoutMs: number;
  readonly #follow = (): void => this.#abort.abort();
  #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(call: ApiCall) {
    this.#call = call;
    this.#timeoutMs = call.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#timer = this.#start();
    if (call.signal?.aborted) this.#follow();
    call.signal?.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  renew(): void {
    this.#timer.refresh();
  }

  errorOf(error: unknown): ApiError {
    const what = describeCall(this.#call);
    if (this.#call.signal?.aborted) return new ApiError("aborted", `${what}: not wanted any more`);
    if (this.#isOver) return new ApiError("timeout", `${what}: nothing for ${this.#timeoutMs} ms`);
    if (error instanceof ApiError) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof SyntaxError) return new ApiError("failed", `${what}: no JSON: ${message}`, { cause: error });
    return new ApiError("unreachable", `${what}: ${message}`, { cause: error });
  }

  /** Also ends an exchange whose answer nobody read to its end. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#call.signal?.removeEventListener("abort", this.#follow);
    this.#abort.abort(OVER);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#isOver = true;
      this.#abort.abort();
    }, this.#timeoutMs);
  }
}
