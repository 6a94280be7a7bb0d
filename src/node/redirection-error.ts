/** Why a pod's connections are not redirected. */
export type RedirectionErrorCode =
  /** No network namespace of the node has the pod's addresses. */
  | "noNamespace"
  /** The pod's sidecar does not listen yet. */
  | "notListening"
  /** Several could be meant, and only one may be changed. */
  | "ambiguous"
  /** What the pod asks for is not understood, or the kernel does not take it. */
  | "refused"
  /** The node's network namespaces cannot be read, or not be entered. */
  | "unreachable";

export class RedirectionError extends Error {
  override readonly name = "RedirectionError";
  readonly code: RedirectionErrorCode;

  constructor(code: RedirectionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
