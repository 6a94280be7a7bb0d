/**
 * Clients that real users have: each sends one request after the other and tells who answered. `http1` keeps its connection,
 * `http1-new` makes one a request, `http2` and `grpc` keep one until the server asks them to go, `https` makes a new one of
 * TLS a request, so that it sees which certificate is served. The clients of the `-kept` kinds insist on the connection that they have.
 */
import { Agent, request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { callGrpc } from "./grpc-call.ts";
import { Http2Client } from "./http2-client.ts";

export type LoadProtocol = "http1" | "http1-kept" | "http1-new" | "http2" | "grpc" | "https" | "https-kept";

export interface LoadRequest {
  readonly port: number;
  readonly host: string;
  /** Of gRPC: `/package.Service/Method`. */
  readonly path: string;
  /** By which it is found in the access log. */
  readonly id: string;
}

export interface Sender {
  /**
   * The backend's name; under TLS with "@" and the common name of the certificate. Anything but a good answer is told by its
   * status. Rejects when the connection breaks.
   */
  send(request: LoadRequest): Promise<string>;
  close(): void;
}

const TIMEOUT_MS = 5_000;

export function senderOf(protocol: LoadProtocol): Sender {
  switch (protocol) {
    case "http1":
      return new Http1Sender(new Agent({ keepAlive: true, maxSockets: 1 }));
    case "http1-kept":
      return new KeptSender("http");
    case "https-kept":
      return new KeptSender("https");
    case "http1-new":
      return new Http1Sender(false);
    case "https":
      return new TlsSender();
    case "http2":
      return new Http2Sender(sendHttp2);
    case "grpc":
      return new Http2Sender(sendGrpc);
  }
}

class Http1Sender implements Sender {
  readonly #agent: Agent | false;

  constructor(agent: Agent | false) {
    this.#agent = agent;
  }

  send({ port, host, path, id }: LoadRequest): Promise<string> {
    const headers = { host, "x-request-id": id };
    return answerOf(httpRequest({ host: "127.0.0.1", port, path, headers, agent: this.#agent, timeout: TIMEOUT_MS }));
  }

  close(): void {
    if (this.#agent) this.#agent.destroy();
  }
}

/** Tells on which of its connections the answer came, if it was not the first. */
class KeptSender implements Sender {
  readonly #scheme: "http" | "https";
  readonly #agent: Agent;
  #connections = 0;

  constructor(scheme: "http" | "https") {
    this.#scheme = scheme;
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent = scheme === "https" ? new TlsAgent(options) : new Agent(options);
  }

  async send({ port, host, path, id }: LoadRequest): Promise<string> {
    const options = { host: "127.0.0.1", port, path, agent: this.#agent, timeout: TIMEOUT_MS };
    const headers = { host, "x-request-id": id };
    const outgoing =
      this.#scheme === "https"
        ? httpsRequest({ ...options, headers, servername: host, rejectUnauthorized: false })
        : httpRequest({ ...options, headers });
    const backend = await answerOf(outgoing);
    if (!outgoing.reusedSocket) this.#connections += 1;
    return this.#connections > 1 ? `${backend} on connection ${this.#connections}` : backend;
  }

  close(): void {
    this.#agent.destroy();
  }
}

class TlsSender implements Sender {
  send({ port, host, path, id }: LoadRequest): Promise<string> {
    const options = {
      host: "127.0.0.1",
      port,
      path,
      servername: host,
      rejectUnauthorized: false,
      agent: false as const,
    };
    const headers = { host, "x-request-id": id };
    const outgoing = httpsRequest({ ...options, headers, timeout: TIMEOUT_MS });
    let commonName: unknown;
    outgoing.on("socket", (socket) => {
      socket.once("secureConnect", () => (commonName = (socket as TLSSocket).getPeerCertificate().subject.CN));
    });
    return answerOf(outgoing).then((backend) => `${backend}@${String(commonName)}`);
  }

  close(): void {}
}

/** An HTTP/2 client that opens another connection when it was asked to go. */
class Http2Sender implements Sender {
  readonly #sendOn: (client: Http2Client, request: LoadRequest) => Promise<string>;
  #client: Http2Client | undefined;

  constructor(sendOn: (client: Http2Client, request: LoadRequest) => Promise<string>) {
    this.#sendOn = sendOn;
  }

  send(request: LoadRequest): Promise<string> {
    if (!this.#client?.isOpen) this.#client = new Http2Client(request.port);
    return this.#sendOn(this.#client, request);
  }

  close(): void {
    this.#client?.close();
  }
}

async function sendHttp2(client: Http2Client, { host, path, id }: LoadRequest): Promise<string> {
  const { status, body } = await client.request({ ":path": path, ":authority": host, "x-request-id": id });
  return nameIn(status, body.toString());
}

async function sendGrpc(client: Http2Client, { port, host, path, id }: LoadRequest): Promise<string> {
  const call = { port, authority: host, path, request: { text: "ping" }, metadata: { "x-request-id": id } };
  const { httpStatus, status, replies } = await callGrpc(call, client);
  return status === 0 ? (replies[0]?.backend ?? "nobody") : `status ${httpStatus} grpc ${status}`;
}

function answerOf(outgoing: ClientRequest): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
  outgoing.on("error", reject);
  outgoing.on("response", (response: IncomingMessage) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => (body += text));
    response.on("error", reject);
    response.on("end", () => resolve(nameIn(response.statusCode ?? 0, body)));
  });
  outgoing.end();
  return promise;
}

function nameIn(status: number, body: string): string {
  return status === 200 ? (JSON.parse(body) as { backend: string }).backend : `status ${status}`;
}
