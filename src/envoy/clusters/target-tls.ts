/** How endpoints of a stream backend point to their target's TLS among the transport sockets of the cluster. */
import type { BackendTls } from "../../model/index.ts";

/** The metadata of an endpoint in which Envoy looks for what chooses its transport socket. */
export const TRANSPORT_SOCKET_METADATA = "envoy.transport_socket_match";

/** Equal for equal TLS, whatever the position of the target, so that endpoints and clusters agree at any time. */
export function targetTlsName({ hostname, trust, subjectAltNames, clientCertificate }: BackendTls): string {
  const names = subjectAltNames.map(({ type, value }) => `${type} ${value}`);
  const authorities = trust.kind === "system" ? "system" : `bundle ${trust.bundle}`;
  return [hostname, authorities, ...names, ...(clientCertificate ? [`as ${clientCertificate}`] : [])].join(", ");
}

export const targetTlsMatch = (name: string): Readonly<Record<string, string>> => ({ tls: name });
