/**
 * One HTTP/1.x request, byte for byte as the test says: any path, any host or none, any header twice, over TLS any server
 * name. Nothing is normalised, which Node's own client would do or refuse.
 */
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";

export interface RawRequest {
  /** Default: this machine's. */
  readonly address?: string;
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  /** Undefined sends no Host header. */
  readonly host?: string | undefined;
  readonly version?: "1.0" | "1.1";
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** TLS, and how: `servername`, `ca`, `cert`, `key`. Without `ca` the server's certificate is not checked. */
  readonly tls?: ConnectionOptions;
}

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; repeated ones joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;

/** Asks on a connection of its own. Rejects when it breaks, or is closed without an answer. */
export async function rawRequest(request: RawRequest): Promise<RawAnswer> {
  const bytes = await exchange(request, requestBytes(request));
  return parseAnswer(bytes);
}

function requestBytes(request: RawRequest): string {
  const { method = "GET", path = "/", version = "1.1", headers = [], body = "" } = request;
  const host: [string, string][] = request.host === undefined ? [] : [["host", request.host]];
  const length: [string, string][] = body === "" ? [] : [["content-length", String(Buffer.byteLength(body))]];
  const all = [...host, ...headers, ...length, ["connection", "close"] as const];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/${version}\r\n${lines.join("")}\r\n${body}`;
}

function exchange({ address = "127.0.0.1", port, tls }: RawRequest, bytes: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const at = { host: address, port };
  const connection = tls ? connectTls({ ...at, rejectUnauthorized: tls.ca !== undefined, ...tls }) : connect(at);
  const chunks: Buffer[] = [];
  connection.setTimeout(TIMEOUT_MS, () => connection.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
  connection.once(tls ? "secureConnect" : "connect", () => connection.write(bytes));
  connection.on("data", (chunk: Buffer) => chunks.push(chunk));
  connection.on("error", reject);
  connection.on("close", () => resolve(Buffer.concat(chunks)));
  return promise;
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) throw new Error("the connection was closed without an answer");
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const body = bytes.subarray(end + 4);
  const isChunked = headers["transfer-encoding"]?.includes("chunked") === true;
  return { status: Number(first.split(" ")[1]), headers, body: (isChunked ? unchunk(body) : body).toString() };
}

function unchunk(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.toString("latin1", at, lineEnd), 16);
    if (lineEnd < 0 || !(length > 0)) break;
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(chunks);
}
