/**
 * The delta ADS session of one proxy connection: a deterministic machine. Events go in, each with the time; messages for
 * the proxy and facts for everybody else come out. It has no timers: `deadline` says when it wants a tick. Closing the
 * stream is dropping the session.
 *
 * An event updates the state (here), and then one pass over the kinds, in the order clusters, endpoints, secrets,
 * extensions, route scopes, listeners, route tables, virtual hosts, sends what may go out (selection.ts, by the rules of decision.ts).
 */
import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { DeltaDiscoveryResponseSchema, ResourceSchema } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "./batching.ts";
import { answer } from "./answer.ts";
import { CatchUp } from "./catch-up.ts";
import type { Fact } from "./fact.ts";
import { createProxyState, entryOf, release, retain } from "./proxy-state.ts";
import type { Holding, KindState, ProxyState } from "./proxy-state.ts";
import { hasScopes, isListenerLive, wireVersionOf } from "./readiness.ts";
import { kindOf, RESOURCE_KINDS, typeUrlOf } from "./resource.ts";
import type { ResourceId, ResourceRecord } from "./resource.ts";
import { resourcesAt } from "./placed-resources.ts";
import type { ResourceSet } from "./resource-set.ts";
import { select } from "./selection.ts";
import type { Selection } from "./selection.ts";
import { markTable, subscribe } from "./subscription.ts";

export type SessionEvent =
  | { readonly kind: "request"; readonly request: DeltaDiscoveryRequest }
  /** The shared set was changed by a batch; these are the ids that `ResourceSet.apply` returned. */
  | { readonly kind: "changed"; readonly ids: readonly ResourceId[] }
  /** This version of a cluster that awaits "warm" serves. */
  | { readonly kind: "warmed"; readonly cluster: string; readonly version: string }
  /** Refused versions are to be tried again, since what was in their way may be gone (a port that was taken). */
  | { readonly kind: "retry"; readonly ids: readonly ResourceId[] }
  | { readonly kind: "tick" };

export interface SessionOutput {
  /** To be sent in this order. */
  readonly messages: readonly DeltaDiscoveryResponse[];
  readonly facts: readonly Fact[];
}

export interface SessionOptions {
  /** How long a version waits for what it needs before it goes out all the same. Default 15 s. */
  readonly holdMs?: number;
  /** How long listeners drain in the proxy, at most. Default 10 minutes. */
  readonly drainMs?: number;
  /** The most bytes of a message. Default 3 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * How long a proxy that has what was never wanted here is told nothing, since it may have it from a server that knows more.
   * Default 0: there is no other server.
   */
  readonly catchUpMs?: number;
  /** The doubts of this proxy's last session, if it is known: `Session.doubts`. */
  readonly doubts?: readonly ResourceId[];
  /** Where the proxy runs, the nearest first: what is another at a place (`ResourceRecord.at`) is that one for it. */
  readonly places?: readonly string[];
}

/** What is not as wanted, by id: settled when all counts are zero. */
export interface SessionProgress {
  /** Sent and not answered. */
  readonly underWay: number;
  /** Waiting for what they need. */
  readonly waiting: number;
  /** Not sent for another reason: the proxy has not asked yet, or answers an earlier message. */
  readonly pending: number;
}

const DEFAULT_HOLD_MS = 15_000;
const DEFAULT_DRAIN_MS = 600_000;

export class Session {
  readonly #proxy: ProxyState;
  readonly #catchUp: CatchUp;
  readonly #holdMs: number;
  readonly #drainMs: number;
  readonly #maxMessageBytes: number;
  #requestsBeforeComplete: DeltaDiscoveryRequest[] = [];
  #lastNonce = 0;

  constructor(resources: ResourceSet, openedAt: number, options: SessionOptions = {}) {
    const wanted = resourcesAt(options.places ?? [], resources);
    this.#proxy = createProxyState(wanted, openedAt, options.doubts ?? []);
    this.#catchUp = new CatchUp(wanted, options.catchUpMs ?? 0);
    this.#holdMs = options.holdMs ?? DEFAULT_HOLD_MS;
    this.#drainMs = options.drainMs ?? DEFAULT_DRAIN_MS;
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  }

  /** Takes one event. `now` is in milliseconds and never goes back. */
  handle(event: SessionEvent, now: number): SessionOutput {
    const facts: Fact[] = [];
    this.#take(event, now, facts);
    const maySpeak = this.#proxy.resources.complete && !this.#catchUp.isBehind(now);
    return { messages: maySpeak ? this.#flush(now, facts) : [], facts };
  }

  /** When the next tick is due, if nothing else happens; undefined when nothing waits. */
  deadline(): number | undefined {
    let heldUntil: number | undefined;
    for (const kind of RESOURCE_KINDS) {
      for (const { since, forMs = this.#holdMs } of this.#proxy.kinds[kind].blocked.values()) {
        if (heldUntil === undefined || since + forMs < heldUntil) heldUntil = since + forMs;
      }
    }
    return this.#catchUp.deadline() ?? heldUntil;
  }

  /**
   * What the proxy may have in another version than it will say when it reconnects: what it took from a response that it
   * refused is not on its list. The next session of the same proxy is to know.
   */
  doubts(): readonly ResourceId[] {
    return RESOURCE_KINDS.flatMap((kind) => {
      const { entries, inFlight } = this.#proxy.kinds[kind];
      const names = new Set(this.#proxy.doubts[kind]);
      for (const { record } of inFlight?.items ?? []) names.add(record.name);
      for (const [name, entry] of entries) if (entry.doubtful) names.add(name);
      return [...names].map((name) => ({ kind, name }));
    });
  }

  progress(): SessionProgress {
    const states = Object.values(this.#proxy.kinds);
    const count = (sizeOf: (state: KindState) => number): number =>
      states.reduce((total, state) => total + sizeOf(state), 0);
    return {
      underWay: count(({ inFlight }) => (inFlight ? inFlight.items.length + inFlight.removals.length : 0)),
      // Scopes that wait to be removed keep nobody waiting.
      waiting: count(({ kind, blocked }) => (kind === "routeScope" ? 0 : blocked.size)),
      pending: count(({ dirty, opened }) => (opened ? dirty.size : 0)),
    };
  }

  #take(event: SessionEvent, now: number, facts: Fact[]): void {
    if (this.#proxy.resources.complete) {
      for (const request of this.#requestsBeforeComplete.splice(0)) this.#takeRequest(request, now, facts);
    }
    switch (event.kind) {
      case "request":
        if (this.#proxy.resources.complete) this.#takeRequest(event.request, now, facts);
        else this.#requestsBeforeComplete.push(event.request);
        break;
      case "changed":
        this.#takeChanges(event.ids);
        break;
      case "warmed":
        this.#proxy.warm.set(event.cluster, event.version);
        recheckBlocked(this.#proxy);
        break;
      case "retry":
        for (const { kind, name } of event.ids) {
          const entry = this.#proxy.kinds[kind].entries.get(name);
          if (entry) delete entry.refused;
        }
        this.#takeChanges(event.ids);
        break;
      case "tick":
        if (now >= (this.deadline() ?? Infinity)) recheckBlocked(this.#proxy);
        break;
    }
  }

  #takeRequest(request: DeltaDiscoveryRequest, now: number, facts: Fact[]): void {
    const kind = kindOf(request.typeUrl);
    if (!kind) return;
    if (!this.#proxy.kinds[kind].opened) this.#catchUp.note(kind, request.initialResourceVersions, now);
    // The answer comes first: a name subscribed in the same request is to be sent again all the same.
    if (request.responseNonce !== "") answer(this.#proxy, kind, request, facts);
    subscribe(this.#proxy, kind, request, facts);
    recheckBlocked(this.#proxy);
  }

  #takeChanges(ids: readonly ResourceId[]): void {
    for (const { kind, name } of ids) {
      this.#proxy.kinds[kind].dirty.add(name);
      if (kind === "routeTable") markTable(this.#proxy, name);
    }
    recheckBlocked(this.#proxy);
  }

  #flush(now: number, facts: Fact[]): DeltaDiscoveryResponse[] {
    const proxy = this.#proxy;
    const limits = { now, holdMs: this.#holdMs, drainMs: this.#drainMs, maxMessageBytes: this.#maxMessageBytes };
    retireListeners(proxy);
    const messages: DeltaDiscoveryResponse[] = [];
    for (const kind of RESOURCE_KINDS) {
      const state = proxy.kinds[kind];
      const selection = select(proxy, state, limits, facts);
      if (selection.upserts.length + selection.removals.length > 0 || owesAnswer(state)) {
        messages.push(this.#send(state, selection));
      }
    }
    return messages;
  }

  #send(state: KindState, { upserts, removals }: Selection): DeltaDiscoveryResponse {
    this.#lastNonce += 1;
    const nonce = String(this.#lastNonce);
    const items = upserts.map((record) => ({ record, holding: noteSent(this.#proxy, state, record) }));
    if (state.kind === "cluster") for (const name of removals) expireEndpointsOf(this.#proxy, name);
    if (state.kind === "endpoints" || state.kind === "secret") for (const name of removals) state.absent.add(name);
    state.inFlight = { nonce, items, removals };
    state.owesAnswer = false;
    const typeUrl = typeUrlOf(state.kind);
    return create(DeltaDiscoveryResponseSchema, {
      typeUrl,
      nonce,
      systemVersionInfo: nonce,
      resources: items.map(({ record, holding }) =>
        create(ResourceSchema, {
          name: record.name,
          version: holding.wire,
          resource: create(AnySchema, { typeUrl, value: record.bytes }),
        }),
      ),
      removedResources: [...removals],
    });
  }
}

/** A proxy that starts waits for an answer about its clusters and listeners even if there are none. */
function owesAnswer(state: KindState): boolean {
  return state.owesAnswer && state.inFlight === undefined && state.blocked.size === 0;
}

function noteSent(proxy: ProxyState, state: KindState, record: ResourceRecord): Holding {
  const entry = entryOf(state, record.name);
  const holding = { record, wire: wireVersionOf(proxy, record) };
  if (entry.acked && state.kind === "endpoints") expireIfForOthers(entry.acked, holding);
  entry.sent = holding;
  state.absent.delete(record.name);
  retain(proxy, state.kind, holding);
  if (state.kind === "cluster") {
    expireEndpointsOf(proxy, record.name);
    for (const need of record.needs) {
      expireEndpoints(proxy, need);
      if (need.kind === "endpoints") proxy.kinds.endpoints.absent.delete(need.name);
    }
  }
  // If the listener is the first to follow scopes, the proxy knows none until all come again, and it does not ask.
  if (state.kind === "listener" && hasScopes(record)) expireScopes(proxy, record);
  if (state.kind === "virtualHost") proxy.staleHosts.delete(record.name);
  return holding;
}

/** Endpoints that the proxy had for other versions of the clusters make those of now no more ready. */
function expireIfForOthers(acked: Holding, sent: Holding): void {
  const clustersOf = ({ wire }: Holding): string => wire.slice(wire.indexOf("@"));
  if (clustersOf(acked) !== clustersOf(sent)) acked.wire = "";
}

/** A changed cluster waits for its endpoints again, so what was sent before it does not count. */
function expireEndpointsOf(proxy: ProxyState, cluster: string): void {
  for (const need of proxy.kinds.cluster.entries.get(cluster)?.acked?.record?.needs ?? []) expireEndpoints(proxy, need);
}

function expireScopes(proxy: ProxyState, { needs }: ResourceRecord): void {
  for (const name of proxy.kinds.routeScope.entries.keys()) expire(proxy, { kind: "routeScope", name });
  for (const need of needs) expire(proxy, need);
}

function expireEndpoints(proxy: ProxyState, need: ResourceId): void {
  if (need.kind === "endpoints") expire(proxy, need);
}

function expire(proxy: ProxyState, { kind, name }: ResourceId): void {
  if (kind !== "endpoints" && kind !== "routeScope") return;
  const { opened, entries, dirty } = proxy.kinds[kind];
  if (!opened) proxy.expiredBeforeOpened[kind].add(name);
  const entry = entries.get(name);
  if (entry?.acked) entry.acked.wire = "";
  if (entry?.sent) entry.sent.wire = "";
  dirty.add(name);
}

function retireListeners(proxy: ProxyState): void {
  for (const name of proxy.retiringListeners) {
    const entry = proxy.kinds.listener.entries.get(name);
    if (entry && !isListenerLive(proxy, name)) continue;
    proxy.retiringListeners.delete(name);
    for (const holding of entry?.retiring ?? []) release(proxy, "listener", holding);
    if (entry) delete entry.retiring;
  }
}

function recheckBlocked(proxy: ProxyState): void {
  for (const kind of RESOURCE_KINDS) {
    const { blocked, dirty } = proxy.kinds[kind];
    for (const name of blocked.keys()) dirty.add(name);
  }
}
