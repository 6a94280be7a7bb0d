/**
 * What the rest of Trilith asks of a Kubernetes API server: one call, or one stream of lines. Where the server is, and how to
 * prove who asks, is the business of whoever makes a client; what the objects mean is the caller's.
 */

export interface ApiClient {
  /** Sends a call and gives the body of the answer. Rejects with an ApiError; never tries again by itself. */
  request<Answer>(call: ApiCall): Promise<Answer>;
  /** Opens a watch: the documents of the answer's body, as they come. Throws ApiError, also in the middle. */
  stream<Document>(call: ApiCall): AsyncIterable<Document>;
}

export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the root of the server: see `resourcePath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Objects with nothing but their metadata: the first in a watch, the second in a list. */
  readonly as?: "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** What a PATCH is: RFC 7386, RFC 6902, or server-side apply. */
  readonly patch?: "merge" | "json" | "apply";
  /** After this the call fails with `timeout`; for a stream, after so long without a byte. Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** The server has agreed to the call, though nothing of the body may have come: a watch may have nothing to say for long. */
  readonly onAnswer?: () => void;
}

/** Why a call failed, as far as callers differ by it. */
export type ApiErrorCode =
  | "unauthorized"
  | "forbidden"
  | "notFound"
  /** The object is not what it was when it was read. */
  | "conflict"
  | "alreadyExists"
  | "invalid"
  /** A resource version or a continuation that the server no longer knows. */
  | "gone"
  | "throttled"
  | "timeout"
  /** No answer: no connection, or a broken one. */
  | "unreachable"
  | "aborted"
  /** Any other answer that is no success. */
  | "failed";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  /** Of HTTP; absent where there was no answer. */
  readonly httpStatus?: number;
  /** How long the server wants to be left alone. */
  readonly retryAfterMs?: number;

  constructor(
    code: ApiErrorCode,
    message: string,
    { httpStatus, retryAfterMs, cause }: { httpStatus?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    if (httpStatus !== undefined) this.httpStatus = httpStatus;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

export interface ResourceLocation {
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  /** The name of the resource in URLs: `gateways`. */
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways/web/status` */
export function resourcePath({ group, version, plural, namespace, name, subresource }: ResourceLocation): string {
  const parts = [
    ...(group === "" ? ["api", version] : ["apis", group, version]),
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join("/")}`;
}
