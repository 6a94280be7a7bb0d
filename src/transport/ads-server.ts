/**
 * The gRPC server of the aggregated discovery service, delta protocol only, over HTTP/2: plaintext for an Envoy on the same
 * machine (loopback or a unix domain socket), or TLS when certificates are given. It knows nothing of resources: who calls
 * is shown to `admit`, which names the group of proxies that the caller belongs to, or turns it away; nothing is said before.
 */
import { createSecureServer, createServer } from "node:http2";
import type {
  Http2SecureServer,
  Http2Server,
  Http2ServerRequest,
  SecureServerOptions,
  ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AggregatedDiscoveryService } from "../generated/envoy/service/discovery/v3/ads_pb.ts";
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { type ConnectionAge, lifeOf } from "./connection-age.ts";
import type { ProxyConnection, ProxyIdentity } from "./proxy-connection.ts";
import { ProxyGroup } from "./proxy-group.ts";
import { watchLiveness } from "./session-liveness.ts";

export type AdsAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface AdsServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: AdsAddress;
  /** Makes the server speak TLS. */
  readonly tls?: ServerTls;
  /** The group that the caller belongs to, or why it is turned away; undefined is PERMISSION_DENIED. Throwing is INTERNAL. */
  readonly admit: (caller: ProxyIdentity) => Admittance | Promise<Admittance>;
  /** Default: streams last as long as the proxy likes. */
  readonly age?: ConnectionAge;
}

export type ServerTls = Pick<SecureServerOptions, "key" | "cert" | "ca" | "minVersion">;

export type Admittance = ProxyGroup | AdmissionRefusal | undefined;

/** The caller reads both in its stream's status. */
export interface AdmissionRefusal {
  readonly refused: "unauthenticated" | "permissionDenied" | "unavailable" | "resourceExhausted";
  readonly message: string;
}

const REFUSAL_CODES: Readonly<Record<AdmissionRefusal["refused"], Code>> = {
  unauthenticated: Code.Unauthenticated,
  permissionDenied: Code.PermissionDenied,
  unavailable: Code.Unavailable,
  resourceExhausted: Code.ResourceExhausted,
};

export interface AdsServer {
  /** Where it listens, with the port that it got. */
  readonly address: AdsAddress;
  /** What new connections are shown from now on; those that are open stay. Only for a server that speaks TLS. */
  setSecureContext(tls: ServerTls): void;
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

/** The connection that a stream came over. */
const sessionOfStream = createContextKey<ServerHttp2Session | undefined>(undefined);

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
    contextValues: (request) => {
      const { session } = (request as Http2ServerRequest).stream;
      return createContextValues().set(sessionOfStream, session as ServerHttp2Session | undefined);
    },
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
  return {
    address,
    setSecureContext: (tls) => {
      if ("setSecureContext" in server) server.setSecureContext(tls);
    },
    close: () => close(server, sessions, shutdown),
  };
}

async function* serveStream(
  options: AdsServerOptions,
  requests: AsyncIterable<DeltaDiscoveryRequest>,
  context: HandlerContext,
): AsyncGenerator<DeltaDiscoveryResponse, void, undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const session = context.values.get(sessionOfStream);
  const identity: ProxyIdentity = {
    node: first.value.node,
    authorization: context.requestHeader.get("authorization") ?? undefined,
    address: session?.socket.remoteAddress,
  };
  const group = admitted(await options.admit(identity));
  const connection = group.connect(identity);
  const closeConnection = (): void => connection.close();
  context.signal.addEventListener("abort", closeConnection, { once: true });
  const aging = endAtAge(options.age, connection, session);
  try {
    connection.take({ kind: "request", request: first.value });
    void connection.receive(iterator);
    yield* connection.messages();
    // The reason of a shutdown becomes the status of the stream; a proxy that went away reads none.
    context.signal.throwIfAborted();
  } finally {
    clearTimeout(aging);
    context.signal.removeEventListener("abort", closeConnection);
    connection.close();
  }
}

function admitted(admittance: Admittance): ProxyGroup {
  if (admittance instanceof ProxyGroup) return admittance;
  if (!admittance) throw new ConnectError("this proxy is not known here", Code.PermissionDenied);
  throw new ConnectError(admittance.message, REFUSAL_CODES[admittance.refused]);
}

function endAtAge(
  age: ConnectionAge | undefined,
  connection: ProxyConnection,
  session: ServerHttp2Session | undefined,
): NodeJS.Timeout | undefined {
  if (!age) return undefined;
  return setTimeout(
    () => {
      // The connection takes no further stream, and ends with its last one.
      if (session && !session.closed) session.close();
      connection.close();
    },
    lifeOf(age, Math.random()),
  );
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
