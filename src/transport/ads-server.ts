/**
 * The gRPC server of the aggregated discovery service, delta protocol only, over HTTP/2: plaintext for an Envoy on the same
 * machine (loopback or a unix domain socket), or TLS when certificates are given. It knows nothing of resources: who calls
 * is shown to `admit`, which names the group of proxies that the caller belongs to, or turns it away.
 */
import { createSecureServer, createServer } from "node:http2";
import type { Http2SecureServer, Http2Server, SecureServerOptions, ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AggregatedDiscoveryService } from "../generated/envoy/service/discovery/v3/ads_pb.ts";
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { ProxyIdentity } from "./proxy-connection.ts";
import type { ProxyGroup } from "./proxy-group.ts";
import { watchLiveness } from "./session-liveness.ts";

export type AdsAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface AdsServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: AdsAddress;
  /** Makes the server speak TLS. */
  readonly tls?: Pick<SecureServerOptions, "key" | "cert" | "ca" | "SNICallback" | "minVersion">;
  /** The group that the caller belongs to; undefined turns it away with PERMISSION_DENIED, and so does throwing. */
  readonly admit: (caller: ProxyIdentity) => ProxyGroup | undefined | Promise<ProxyGroup | undefined>;
}

export interface AdsServer {
  /** Where it listens, with the port that it got. */
  readonly address: AdsAddress;
  /** Ends every stream, so that the proxies come again to whoever listens next, and stops listening. */
  close(): Promise<void>;
}

/** A proxy that reconnects lists all it has: some 60 bytes for each of 40,000 hosts, and more with longer names. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** In MB; the default of 10 is less than what may be buffered for a slow proxy and a large request. */
const MAX_SESSION_MEMORY_MB = 256;
/** Proxies are told at once, but do not end their side of a stream; so their connections are cut soon. */
const CLOSE_GRACE_MS = 250;

/** Listens. Rejects when the address cannot be used. */
export async function startAdsServer(options: AdsServerOptions): Promise<AdsServer> {
  const shutdown = new AbortController();
  const handler = connectNodeAdapter({
    connect: false,
    grpcWeb: false,
    // Envoy takes no compressed messages, and on the same machine they would gain nothing.
    acceptCompression: [],
    readMaxBytes: MAX_REQUEST_BYTES,
    shutdownSignal: shutdown.signal,
    routes: (router: ConnectRouter) =>
      router.service(AggregatedDiscoveryService, {
        deltaAggregatedResources: (requests, context) => serveStream(options, requests, context),
      }),
  });
  const settings = { initialWindowSize: WINDOW_BYTES, maxConcurrentStreams: 1_000 };
  const memory = { maxSessionMemory: MAX_SESSION_MEMORY_MB, settings };
  const server = options.tls
    ? createSecureServer({ ...options.tls, ...memory, allowHTTP1: false }, handler)
    : createServer(memory, handler);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setLocalWindowSize(2 * WINDOW_BYTES);
    watchLiveness(session);
  });
  const address = await listen(server, options.listen);
  return { address, close: () => close(server, sessions, shutdown) };
}

async function* serveStream(
  options: AdsServerOptions,
  requests: AsyncIterable<DeltaDiscoveryRequest>,
  context: HandlerContext,
): AsyncGenerator<DeltaDiscoveryResponse, void, undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const authorization = context.requestHeader.get("authorization") ?? undefined;
  const group = await options.admit({ node: first.value.node, authorization });
  if (!group) throw new ConnectError("this proxy is not known here", Code.PermissionDenied);
  const connection = group.connect({ node: first.value.node, authorization });
  const closeConnection = (): void => connection.close();
  context.signal.addEventListener("abort", closeConnection, { once: true });
  try {
    connection.take({ kind: "request", request: first.value });
    void connection.receive(iterator);
    yield* connection.messages();
    // The reason of a shutdown becomes the status of the stream; a proxy that went away reads none.
    context.signal.throwIfAborted();
  } finally {
    context.signal.removeEventListener("abort", closeConnection);
    connection.close();
  }
}

function listen(server: Http2Server | Http2SecureServer, at: AdsAddress): Promise<AdsAddress> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, () => {
      server.off("error", reject);
      resolve("path" in at ? at : { host: at.host, port: (server.address() as AddressInfo).port });
    });
  });
}

async function close(
  server: Http2Server | Http2SecureServer,
  sessions: ReadonlySet<ServerHttp2Session>,
  shutdown: AbortController,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  shutdown.abort(new ConnectError("the control plane is going down", Code.Unavailable));
  for (const session of sessions) session.close();
  const timer = setTimeout(() => {
    for (const session of sessions) session.destroy();
  }, CLOSE_GRACE_MS);
  await closed;
  clearTimeout(timer);
}
