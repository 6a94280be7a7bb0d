/** A backend's TLS, in Node's words. */
import type { TlsOptions } from "node:tls";
import type { BackendTls } from "./backend.ts";

export function tlsOptions(tls: BackendTls, protocols: readonly string[] = []): TlsOptions {
  return {
    cert: tls.certificate,
    key: tls.key,
    ...(protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}),
    ...(tls.clientAuthority === undefined
      ? { requestCert: false }
      : { ca: tls.clientAuthority, requestCert: true, rejectUnauthorized: true }),
  };
}
