/** Calls the tests' gRPC service, unary or as a stream of the server. */
import type { OutgoingHttpHeaders } from "node:http2";
import type { ConnectionOptions } from "node:tls";
import { decodeReply, encodeRequest, frameMessage, unframeMessages } from "./grpc-messages.ts";
import type { EchoReply, EchoRequest } from "./grpc-messages.ts";
import { Http2Client } from "./http2-client.ts";

export interface GrpcCall {
  readonly port: number;
  readonly authority: string;
  /** `/package.Service/Method`; a method whose name begins with "Stream" gives many replies. */
  readonly path: string;
  readonly request: EchoRequest;
  readonly metadata?: OutgoingHttpHeaders;
  readonly tls?: ConnectionOptions;
}

export interface GrpcResult {
  /** HTTP's status; 200 also for most gRPC errors. */
  readonly httpStatus: number;
  /** gRPC's status; undefined when the answer is no gRPC. */
  readonly status: number | undefined;
  readonly message: string;
  readonly replies: readonly EchoReply[];
}

/** Calls on a connection of its own, or on `client`. Rejects when it breaks. */
export async function callGrpc(call: GrpcCall, client?: Http2Client): Promise<GrpcResult> {
  const connection = client ?? new Http2Client(call.port, call.tls);
  try {
    const headers = {
      ":method": "POST",
      ":path": call.path,
      ":authority": call.authority,
      "content-type": "application/grpc",
      te: "trailers",
      ...call.metadata,
    };
    const answer = await connection.request(headers, frameMessage(encodeRequest(call.request)));
    // An error without a message has its status in the headers.
    const ending = "grpc-status" in answer.trailers ? answer.trailers : answer.headers;
    const status = ending["grpc-status"];
    return {
      httpStatus: answer.status,
      status: status === undefined ? undefined : Number(status),
      message: decodeURIComponent(String(ending["grpc-message"] ?? "")),
      replies: status === undefined ? [] : unframeMessages(answer.body).map(decodeReply),
    };
  } finally {
    if (!client) connection.close();
  }
}
