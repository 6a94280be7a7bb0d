/** One line to a TCP or TLS server, one datagram to a UDP server, and what comes back. */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";

const TIMEOUT_MS = 10_000;

/** The line that the server answers with. Rejects when the connection breaks, or is closed without one. */
export function exchangeLine(port: number, line: string, tls?: ConnectionOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const at = { host: "127.0.0.1", port };
  const connection = tls ? connectTls({ ...at, rejectUnauthorized: tls.ca !== undefined, ...tls }) : connect(at);
  let received = "";
  connection.setEncoding("utf8");
  connection.setTimeout(TIMEOUT_MS, () => connection.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
  connection.once(tls ? "secureConnect" : "connect", () => connection.write(`${line}\n`));
  connection.on("data", (text: string) => {
    received += text;
    if (!received.includes("\n")) return;
    resolve(received.slice(0, received.indexOf("\n")));
    connection.destroy();
  });
  connection.on("error", reject);
  connection.on("close", () => reject(new Error("the connection was closed without an answer")));
  return promise;
}

/** The datagram that comes back. Rejects when none does in `timeoutMs`. */
export function exchangeDatagram(port: number, text: string, timeoutMs: number = TIMEOUT_MS): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = createSocket("udp4");
  const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  socket.on("message", (message) => resolve(message.toString()));
  socket.on("error", reject);
  socket.connect(port, "127.0.0.1", () => socket.send(text));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}
