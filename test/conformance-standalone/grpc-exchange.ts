/** Calls of the suite's gRPC service through a Gateway. */
import { connect } from "node:http2";
import type { IncomingHttpHeaders } from "node:http2";
import { decodeReply, encodeRequest, frameMessage, unframeMessages } from "../support/grpc-messages.ts";
import { portHere } from "./shifted-ports.ts";
import type { OfficialWorld } from "./official-world.ts";

const SERVICE = "gateway_api_conformance.echo_basic.grpcecho.GrpcEcho";

export interface EchoCall {
  readonly method?: string;
  readonly authority?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface EchoResult {
  /** gRPC's status; -1 where the answer is no gRPC. */
  readonly status: number;
  readonly pod?: string;
  /** What the backend got, as "name: value". */
  readonly metadata?: readonly string[];
}

export async function callEcho(world: OfficialWorld, gateway: string, call: EchoCall = {}): Promise<EchoResult> {
  const { method = "Echo", authority = world.addressOf(gateway), metadata = {} } = call;
  const session = connect(`http://${world.addressOf(gateway)}:${portHere(80)}`);
  const { promise, resolve, reject } = Promise.withResolvers<EchoResult>();
  session.on("error", reject);
  const stream = session.request({
    ":method": "POST",
    ":path": `/${SERVICE}/${method}`,
    ":authority": authority,
    "content-type": "application/grpc",
    te: "trailers",
    ...metadata,
  });
  let ending: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.setTimeout(10_000, () => stream.destroy(new Error("no answer in 10 s")));
  // An error without a message has its status in the headers.
  stream.on("response", (headers) => (ending = headers));
  stream.on("trailers", (trailers) => (ending = { ...ending, ...trailers }));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", reject);
  stream.on("close", () => resolve(resultOf(ending, Buffer.concat(chunks))));
  stream.end(frameMessage(encodeRequest({ text: "hello" })));
  return await promise.finally(() => session.destroy());
}

function resultOf(ending: IncomingHttpHeaders, body: Buffer): EchoResult {
  const status = Number(ending["grpc-status"] ?? -1);
  const [message] = unframeMessages(body);
  if (message === undefined) return { status };
  const { backend, metadata } = decodeReply(message);
  return { status, pod: backend, metadata };
}
