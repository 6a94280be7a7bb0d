/**
 * How to speak to a backend: from a Service port's `appProtocol`, as Kubernetes and GEP-1911 name the values, or from an
 * XBackend's `protocol`. A protocol that the route cannot carry makes the reference invalid; a value that is not known is
 * a hint that is not understood, and HTTP/1.1 is spoken.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1911/
 */
import type { BackendProtocol } from "../../model/index.ts";
import type { XBackendSpec } from "../../resources/index.ts";

export type HttpProtocol = Exclude<BackendProtocol, "tcp" | "udp">;

/** What a backend says of itself. */
export interface StatedProtocol {
  /** As it is stated, for messages. */
  readonly name: string;
  /** Absent: it is no HTTP. */
  readonly http?: HttpProtocol;
  /** Whether gRPC can be spoken to it, which needs HTTP/2. */
  readonly isForGrpc: boolean;
  /** It can only be spoken to over TLS. */
  readonly needsTls?: true;
}

type Meaning = Omit<StatedProtocol, "name">;

const PLAIN: Meaning = { http: "http", isForGrpc: true };
const HTTP_2: Meaning = { http: "h2", isForGrpc: true };
const WEB_SOCKET: Meaning = { http: "http", isForGrpc: false };

const OF_SERVICES: ReadonlyMap<string, Meaning> = new Map([
  ["http", PLAIN],
  ["https", { ...PLAIN, needsTls: true }],
  ["kubernetes.io/ws", WEB_SOCKET],
  ["kubernetes.io/wss", { ...WEB_SOCKET, needsTls: true }],
  ["kubernetes.io/h2c", HTTP_2],
  ["h2c", HTTP_2],
  ["http2", HTTP_2],
  ["grpc", HTTP_2],
]);

const OF_X_BACKENDS: Readonly<Record<NonNullable<XBackendSpec["protocol"]>, Meaning>> = {
  TCP: { isForGrpc: false },
  HTTP: PLAIN,
  HTTP11: { http: "http", isForGrpc: false },
  HTTP2: HTTP_2,
  H2C: HTTP_2,
  GRPC: HTTP_2,
  MCP: { http: "http", isForGrpc: false },
  WSS: { ...WEB_SOCKET, needsTls: true },
};

/** Undefined for a value that means nothing to Trilith, and for none. */
export function protocolOfAppProtocol(appProtocol: string | undefined): StatedProtocol | undefined {
  const meaning = appProtocol === undefined ? undefined : OF_SERVICES.get(appProtocol.toLowerCase());
  return appProtocol === undefined || meaning === undefined ? undefined : { name: appProtocol, ...meaning };
}

/** Over TLS, plain "HTTP" leaves the version to be negotiated. */
export function protocolOfXBackend({
  protocol,
  tls,
}: Pick<XBackendSpec, "protocol" | "tls">): StatedProtocol | undefined {
  if (protocol === undefined) return undefined;
  const negotiates = protocol === "HTTP" && tls.mode !== "None";
  return { name: protocol, ...OF_X_BACKENDS[protocol], ...(negotiates && { http: "auto" as const }) };
}

/** Why requests of a route cannot be spoken to a backend; undefined where they can. */
export function protocolMismatch(
  stated: StatedProtocol | undefined,
  asked: { readonly isGrpc: boolean; readonly overTls: boolean },
): string | undefined {
  if (stated === undefined) return undefined;
  if (stated.http === undefined) return `it speaks ${stated.name}, which is not HTTP`;
  if (asked.isGrpc && !stated.isForGrpc) return `it speaks ${stated.name}, which cannot carry gRPC`;
  if (stated.needsTls && !asked.overTls)
    return `it speaks ${stated.name}, which needs TLS; state in a BackendTLSPolicy how to verify it`;
  return undefined;
}
