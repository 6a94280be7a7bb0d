/** Kinds of users that must not notice what goes on in a cluster: each asks once at a time, and says what was wrong with the answer. */
import { Agent } from "node:http";
import { Http2Client } from "../support/http2-client.ts";
import { fetchOnce } from "../support/steady-requests.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

export interface SteadyTarget {
  readonly address: string;
  readonly host: string;
  /** Default: nobody asks in gRPC. */
  readonly grpcHost?: string;
}

export interface SteadyUser {
  readonly name: "http1" | "http1-new" | "http2" | "grpc" | "websocket";
  /** What was wrong; undefined where nothing was. */
  ask(): Promise<string | undefined>;
  close(): void;
}

const PORT = 80;
const SESSION_MESSAGES = 10;
const MESSAGE_PACE_MS = 100;
/** An empty message. */
const GRPC_FRAME = new Uint8Array(5);
const GRPC_PATH = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/Echo";

/** One after the other on one connection, or each on its own. */
export function http1User({ address, host }: SteadyTarget, isKept: boolean): SteadyUser {
  const agent = isKept && new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    name: isKept ? "http1" : "http1-new",
    ask: async () => {
      const answer = await fetchOnce({ address, port: PORT, host, isTls: false }, agent);
      return answer.startsWith("200 ") ? undefined : answer.slice(0, 100);
    },
    close: () => {
      if (agent) agent.destroy();
    },
  };
}

/** On one connection until it is asked to go, as by an Envoy that drains. */
export function http2User({ address, host }: SteadyTarget): SteadyUser {
  return userOverHttp2("http2", address, async (client) => {
    const { status } = await client.request({ ":path": "/", ":authority": host });
    return status === 200 ? undefined : `status ${status}`;
  });
}

export function grpcUser({ address, host, grpcHost = host }: SteadyTarget): SteadyUser {
  const headers = {
    ":method": "POST",
    ":path": GRPC_PATH,
    ":authority": grpcHost,
    "content-type": "application/grpc",
    te: "trailers",
  };
  return userOverHttp2("grpc", address, async (client) => {
    const { status, headers: first, trailers } = await client.request(headers, GRPC_FRAME);
    const grpcStatus = String(trailers["grpc-status"] ?? first["grpc-status"]);
    return grpcStatus === "0" ? undefined : `status ${status}, grpc ${grpcStatus} ${String(first["grpc-message"])}`;
  });
}

function userOverHttp2(
  name: "http2" | "grpc",
  address: string,
  askOn: (client: Http2Client) => Promise<string | undefined>,
): SteadyUser {
  let client: Http2Client | undefined;
  return {
    name,
    ask: async () => {
      if (!client?.isOpen) client = new Http2Client(PORT, undefined, address);
      return await askOn(client);
    },
    close: () => client?.close(),
  };
}

/** A session that takes a second, well within the time that an Envoy has to drain. */
export function webSocketUser({ address, host }: SteadyTarget): SteadyUser {
  return {
    name: "websocket",
    ask: async () => {
      const socket = await WebSocketClient.open(PORT, host, "/ws", address);
      for (let message = 0; message < SESSION_MESSAGES; message += 1) {
        const text = `message ${message}`;
        socket.send(text);
        const answer = await socket.receive();
        if (answer !== text) return `"${answer}" for "${text}"`;
        await new Promise((resolve) => setTimeout(resolve, MESSAGE_PACE_MS));
      }
      socket.close();
      return undefined;
    },
    close: () => undefined,
  };
}
