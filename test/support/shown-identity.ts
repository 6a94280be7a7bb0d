/** What a workload of the mesh shows to whoever connects to it: read off the wire, before it asks who is calling. */
import { type ConnectionOptions, connect } from "node:tls";

export interface ShownIdentity {
  /** The SPIFFE ID of the certificate. */
  readonly identity: string;
  readonly serialNumber: string;
  readonly validTo: Date;
}

const TIMEOUT_MS = 5_000;
/** What proxies of the mesh call each other by: docs/decisions/mesh-connections.md. */
const MESH_ALPN = "trilith";

export async function shownIdentity(at: { readonly address: string; readonly port: number }): Promise<ShownIdentity> {
  const { promise, resolve, reject } = Promise.withResolvers<ShownIdentity>();
  const connection = connect(
    { host: at.address, port: at.port, ALPNProtocols: [MESH_ALPN], rejectUnauthorized: false },
    () => {
      const { subjectaltname = "", serialNumber, valid_to: validTo } = connection.getPeerCertificate();
      resolve({ identity: subjectaltname.replace("URI:", ""), serialNumber, validTo: new Date(validTo) });
      connection.destroy();
    },
  );
  connection.setTimeout(TIMEOUT_MS, () => connection.destroy(new Error(`no certificate in ${TIMEOUT_MS} ms`)));
  connection.on("error", reject);
  return await promise;
}

/** How far somebody gets with a certificate, or without: what the workload answers to a request, or why it does not. */
export async function callAs(
  at: { readonly address: string; readonly port: number },
  certificate: Pick<ConnectionOptions, "cert" | "key"> = {},
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const connection = connect({
    host: at.address,
    port: at.port,
    ALPNProtocols: [`${MESH_ALPN}-http/1.1`],
    rejectUnauthorized: false,
    ...certificate,
  });
  let answer = "";
  connection.setTimeout(TIMEOUT_MS, () => connection.destroy(new Error("no answer")));
  connection.once("secureConnect", () => connection.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
  connection.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  connection.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  connection.on("close", () => resolve(answer.split("\r\n")[0] || "closed"));
  return await promise;
}
