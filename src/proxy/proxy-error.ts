/** What can go wrong around Envoy's program, as one class with a closed set of codes. Messages are one line and say what to do. */

export type ProxyErrorCode =
  /** The path that was given is no program that can be run. */
  | "envoy-unusable"
  /** The program is an Envoy of another version, or no Envoy. */
  | "envoy-version"
  /** Envoy is published for other machines only. */
  | "platform-unsupported"
  /** Fetching needs Python 3 with pip. */
  | "python-missing"
  | "download-failed"
  | "checksum-mismatch"
  /** Another control plane runs on the same state directory. */
  | "state-directory-busy"
  | "state-directory-unusable"
  /** Envoy ended before its admin API answered. */
  | "start-failed"
  | "admin-unreachable";

export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
