/**
 * One proxy's stream on this side: runs its session with the real clock and a timer for the session's deadline, and queues
 * the messages until the stream takes them. The queue stays short, since a session has at most one message of a kind under way.
 */
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Node as EnvoyNode } from "../generated/envoy/config/core/v3/base_pb.ts";
import { kindOf, Session } from "../xds/index.ts";
import { monotonicNow } from "./monotonic-now.ts";
import type { Fact, ResourceId, ResourceSet, SessionEvent, SessionOptions, SessionProgress } from "../xds/index.ts";

/** Who is calling: what the proxy says of itself, and what the connection proves. */
export interface ProxyIdentity {
  /** The node of the first request: the proxy's own claim. */
  readonly node: EnvoyNode | undefined;
  /** The request's `authorization` header, unchecked. */
  readonly authorization: string | undefined;
  /** The IP address that it comes from; undefined for a unix domain socket. */
  readonly address?: string | undefined;
}

interface ConnectionEvents {
  /** The proxy asks for these clusters by their names; told before it is answered, so that they can be made for it. */
  readonly asked: (clusters: readonly string[]) => void;
  readonly sent: (message: DeltaDiscoveryResponse) => void;
  readonly learnt: (facts: readonly Fact[]) => void;
  readonly closed: (doubts: readonly ResourceId[]) => void;
}

export class ProxyConnection {
  readonly identity: ProxyIdentity;
  readonly #session: Session;
  readonly #events: ConnectionEvents;
  readonly #queue: DeltaDiscoveryResponse[] = [];
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(identity: ProxyIdentity, resources: ResourceSet, options: SessionOptions, events: ConnectionEvents) {
    this.identity = identity;
    this.#session = new Session(resources, monotonicNow(), options);
    this.#events = events;
  }

  /** Lets the session take an event. After the stream was closed it does nothing. */
  take(event: SessionEvent): void {
    if (this.#isClosed) return;
    if (event.kind === "request") this.#tellAsked(event.request);
    const { messages, facts } = this.#session.handle(event, monotonicNow());
    this.#queue.push(...messages);
    for (const message of messages) this.#events.sent(message);
    this.#setTimer();
    if (messages.length > 0) this.#wake.resolve();
    if (facts.length > 0) this.#events.learnt(facts);
  }

  /** This version of a cluster that awaits "warm" serves in this proxy. */
  warmed(cluster: string, version: string): void {
    this.take({ kind: "warmed", cluster, version });
  }

  progress(): SessionProgress {
    return this.#session.progress();
  }

  /** The messages for the proxy, as they come, until the stream is closed. */
  async *messages(): AsyncGenerator<DeltaDiscoveryResponse, void, undefined> {
    while (!this.#isClosed) {
      const message = this.#queue.shift();
      if (message) yield message;
      else {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    }
  }

  /** Takes the proxy's requests until it sends no more or the stream breaks; then closes. */
  async receive(requests: AsyncIterator<DeltaDiscoveryRequest>): Promise<void> {
    try {
      for (let next = await requests.next(); !next.done; next = await requests.next()) {
        this.take({ kind: "request", request: next.value });
      }
    } catch {
      // A broken stream is how most streams end; the proxy comes back by itself.
    } finally {
      this.close();
    }
  }

  /** Ends the stream. May be called more than once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake.resolve();
    this.#events.closed(this.#session.doubts());
  }

  #tellAsked({ typeUrl, resourceNamesSubscribe: names }: DeltaDiscoveryRequest): void {
    if (names.length > 0 && kindOf(typeUrl) === "cluster") this.#events.asked(names);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const deadline = this.#session.deadline();
    if (deadline === undefined) return;
    const delayMs = Math.max(0, Math.ceil(deadline - monotonicNow()));
    this.#timer = setTimeout(() => this.take({ kind: "tick" }), delayMs);
  }
}
