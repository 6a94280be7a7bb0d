/**
 * This replica among the others: serves its reports, listens to theirs, and puts what all of them mean into the graph. See
 * docs/decisions/replicas.md.
 */
import type { ServerOptions } from "node:https";
import type { EndpointSlice } from "../resources/index.ts";
import { serviceNameLabel } from "../resources/index.ts";
import type { StoredObjects } from "../status/index.ts";
import type { Engine } from "./engine.ts";
import { PeerBoard } from "./peer-board.ts";
import { PeerCounts } from "./peer-counts.ts";
import type { PeerClientOptions } from "./peer-client.ts";
import { rememberedIn } from "./peer-memory.ts";
import { type PeerServer, type PeerServerOptions, startPeerServer } from "./peer-server.ts";
import { peerAddresses, Peers } from "./peers.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

export interface PeerExchangeOptions {
  readonly engine: Engine;
  /** What the API server has of objects, for what was programmed before this replica started. */
  readonly stored: Pick<StoredObjects, "get">;
  readonly controllerName: string;
  /** Unique among all processes: the pod's name. */
  readonly replica: string;
  readonly listen: PeerServerOptions["listen"];
  readonly authorize: PeerServerOptions["authorize"];
  /** The certificate of this replica, and the authority that the others' are made by; without both there is no TLS. */
  readonly tls?: { readonly server: ServerOptions; readonly client: NonNullable<PeerClientOptions["tls"]> };
  /** The replica's own, to show to the others. */
  readonly token: PeerClientOptions["token"];
  /** The Service in front of all replicas. */
  readonly service: { readonly namespace: string; readonly name: string };
  readonly onProblem: (problem: string) => void;
}

export interface PeerExchange extends AsyncDisposable {
  readonly board: PeerBoard;
  readonly server: PeerServer;
  /** From now on the Envoys of the fleet are counted; the result is for `FleetEvents.connections`. */
  count(fleet: ProxyFleet): PeerCounts;
  /** Starts to listen to the others: when all sources have been read, since what is not known here has no report. */
  open(): void;
}

/** Rejects where the address cannot be listened on. */
export async function startPeerExchange(options: PeerExchangeOptions): Promise<PeerExchange> {
  const { engine, replica, token, onProblem, tls } = options;
  await using starting = new AsyncDisposableStack();
  const remembered = rememberedIn(options.stored, engine.translation.sockets, options.controllerName);
  const board = new PeerBoard({ graph: engine.graph, facts: engine.driven, remembered });
  const { listen, authorize } = options;
  const server = starting.use(
    await startPeerServer({ listen, authorize, replica, board, ...(tls && { tls: tls.server }) }),
  );
  const peers = starting.use(new Peers({ replica, board, token, onProblem, ...(tls && { tls: tls.client }) }));
  const running = starting.move();
  return {
    board,
    server,
    count: (fleet) => running.use(new PeerCounts(fleet, board)),
    open: () => void running.use(followReplicas(engine, options.service, peers)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function followReplicas({ graph, sources }: Engine, service: PeerExchangeOptions["service"], peers: Peers): Disposable {
  const follow = (): void => peers.follow(peerAddresses(sources.endpointSlices.values(), service));
  const isOwn = (slice: EndpointSlice | undefined): boolean =>
    slice?.metadata.namespace === service.namespace && slice.metadata.labels?.[serviceNameLabel] === service.name;
  const following = graph.subscribe(sources.endpointSlices, (changes) => {
    // Later: a replica that goes changes facts, which no subscriber may do.
    if (changes.some(({ before, after }) => isOwn(before) || isOwn(after))) queueMicrotask(follow);
  });
  follow();
  return following;
}
