/**
 * What an answer that is no success means: the API server says it in a Status, and whatever stands before it in HTTP alone.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
import { ApiError, type ApiErrorCode } from "./api-client.ts";

/** A Status, as far as it is read. */
export interface ApiStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** `what`: the call, for the message. */
export function errorOfStatus(status: ApiStatus, what: string, httpStatus: number = status.code ?? 500): ApiError {
  const { reason, message, details } = status;
  const seconds = details?.retryAfterSeconds;
  return new ApiError(codeOf(httpStatus, reason, message), `${what}: ${message || reason || `HTTP ${httpStatus}`}`, {
    httpStatus,
    ...(seconds !== undefined && seconds > 0 && { retryAfterMs: seconds * 1_000 }),
  });
}

export function errorOfAnswer(
  httpStatus: number,
  retryAfter: string | undefined,
  body: string,
  what: string,
): ApiError {
  const status = statusOf(body);
  const seconds = Number(retryAfter);
  const stated = status.details ?? (seconds > 0 ? { retryAfterSeconds: seconds } : undefined);
  return errorOfStatus({ ...status, ...(stated && { details: stated }) }, what, httpStatus);
}

const LONGEST_TEXT = 200;

function statusOf(body: string): ApiStatus {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isStatus(parsed)) return parsed;
  } catch {
    // Not the API server's own answer.
  }
  return { message: body.slice(0, LONGEST_TEXT).trim() };
}

function isStatus(value: unknown): value is ApiStatus & { readonly kind: "Status" } {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "Status";
}

/** How it begins when it is told, as a mistake of its own, that an object to apply has a field that there is not. */
const UNTYPED = "failed to create typed patch object";

function codeOf(httpStatus: number, reason: string | undefined, message = ""): ApiErrorCode {
  if (httpStatus === 500 && message.startsWith(UNTYPED)) return "invalid";
  switch (httpStatus) {
    case 400:
    case 413:
    case 415:
    case 422:
      return "invalid";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "notFound";
    case 409:
      return reason === "AlreadyExists" ? "alreadyExists" : "conflict";
    case 410:
      return "gone";
    case 429:
      return "throttled";
    case 504:
      return "timeout";
    default:
      return "failed";
  }
}
