/** One exchange over HTTP/1.1, for what stands before an API server and speaks nothing else, such as `kubectl proxy`. */
import { type ClientRequest, request as requestPlain, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { HttpAnswer, HttpRequest } from "./http-exchange.ts";

export interface Http1Target {
  readonly server: URL;
  /** Secured already; used for this exchange only. Without it, the exchange is in plain text. */
  readonly socket?: Socket;
}

export async function sendOverHttp1(
  { method, path, headers, body, signal }: HttpRequest,
  { server, socket }: Http1Target,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const call: ClientRequest = requestPlain({
    hostname: server.hostname.replace(/^\[|\]$/g, ""),
    port: Number(server.port || 80),
    method,
    path,
    headers: { host: server.host, ...headers, ...(socket && { connection: "close" }) },
    signal,
    ...(socket && { createConnection: () => socket }),
  });
  call.once("response", (answer) => resolve(answerOf(answer)));
  call.once("error", reject);
  call.end(body);
  return promise;
}

function answerOf(message: IncomingMessage): HttpAnswer {
  return {
    status: message.statusCode ?? 0,
    header: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: message,
  };
}
