/**
 * A caller that has a certificate of the mesh, or says so, and no proxy: sends bytes to a workload's sidecar from inside the cluster's
 * namespace, each on a connection of its own. Reads what to do from its standard input, as JSON, and writes what came back.
 */
import { text } from "node:stream/consumers";
import { connect, type ConnectionOptions } from "node:tls";
import { answerIn } from "../support/http2-frames.ts";

export interface MeshCalls {
  readonly host: string;
  readonly port: number;
  /** The application protocol of the mesh. */
  readonly protocol: "trilith-http/1.1" | "trilith-h2";
  /** PEM. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  /** Base64. */
  readonly requests: readonly string[];
}

export interface MeshAnswer {
  /** Of HTTP/1.1 everything that came, of HTTP/2 the body. */
  readonly text: string;
  /** Why the connection ended, where it was not meant to. */
  readonly error?: string;
}

const PATIENCE_MS = 10_000;

const calls = JSON.parse(await text(process.stdin)) as MeshCalls;
const answers: MeshAnswer[] = [];
for (const request of calls.requests) answers.push(await send(Buffer.from(request, "base64")));
process.stdout.write(JSON.stringify(answers));

function send(request: Buffer): Promise<MeshAnswer> {
  const { host, port, protocol, certificate } = calls;
  const options: ConnectionOptions = {
    host,
    port,
    ALPNProtocols: [protocol],
    // Whom it speaks to is not what is tried here.
    rejectUnauthorized: false,
    ...(certificate && { cert: certificate.certificate, key: certificate.key }),
  };
  const { promise, resolve } = Promise.withResolvers<MeshAnswer>();
  let received = Buffer.alloc(0);
  const textOf = (): string => (protocol === "trilith-h2" ? answerIn(received).body : received.toString());
  const connection = connect(options, () => connection.write(request));
  connection.setTimeout(PATIENCE_MS, () => connection.destroy(new Error("no answer")));
  connection.on("data", (data: Buffer) => {
    received = Buffer.concat([received, data]);
    if (protocol === "trilith-h2" && answerIn(received).end !== "open") connection.destroy();
  });
  connection.on("error", ({ message }) => resolve({ text: textOf(), error: message }));
  connection.on("close", () => resolve({ text: textOf() }));
  return promise;
}
