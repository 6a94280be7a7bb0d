/** Turns an exchange over HTTP/1.1 into a WebSocket: the socket, once the server has agreed. */
import { randomBytes } from "node:crypto";
import { type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errorOfAnswer } from "./api-failure.ts";
import type { Http1Target } from "./http1-exchange.ts";
import type { UpgradeRequest } from "./http-exchange.ts";

/** Rejects with an ApiError where the server answers something else, and with the socket's own error where it does not answer. */
export async function upgradeOverHttp1(
  { path, headers, protocol, signal }: UpgradeRequest,
  { server, socket }: Http1Target,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const call: ClientRequest = requestPlain({
    hostname: server.hostname.replace(/^\[|\]$/g, ""),
    port: Number(server.port || 80),
    path,
    headers: {
      host: server.host,
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "sec-websocket-protocol": protocol,
    },
    signal,
    // An agent would connect by itself.
    ...(socket ? { createConnection: () => socket } : { agent: false }),
  });
  call.once("upgrade", (_, upgraded: Socket, head) => {
    if (head.length > 0) upgraded.unshift(head);
    resolve(upgraded);
  });
  call.once("response", (answer) => {
    refusalOf(answer, path).then(reject, reject);
  });
  call.once("error", reject);
  call.end();
  return promise;
}

async function refusalOf(answer: IncomingMessage, path: string): Promise<Error> {
  const text = (await answer.setEncoding("utf8").toArray()).join("");
  return errorOfAnswer(answer.statusCode ?? 500, answer.headers["retry-after"], text, `GET ${path.split("?", 1)[0]}`);
}
