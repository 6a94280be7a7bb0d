/**
 * How to speak to a Service's port: from its `appProtocol`, as Kubernetes and GEP-1911 name the values.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1911/
 */
import type { BackendProtocol } from "../../model/index.ts";

export type HttpProtocol = Exclude<BackendProtocol, "tcp" | "udp">;

const PROTOCOLS: ReadonlyMap<string, HttpProtocol> = new Map([
  ["http", "http"],
  ["https", "http"],
  ["kubernetes.io/ws", "http"],
  ["kubernetes.io/wss", "http"],
  ["kubernetes.io/h2c", "h2"],
  ["h2c", "h2"],
  ["http2", "h2"],
  ["grpc", "h2"],
]);

/** The protocol that a known value names; undefined for a value that means nothing to Trilith, and for none. */
export function protocolOfAppProtocol(appProtocol: string | undefined): HttpProtocol | undefined {
  return appProtocol === undefined ? undefined : PROTOCOLS.get(appProtocol);
}
