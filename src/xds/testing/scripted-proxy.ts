/** A session with hand-made events, and what it says in short lines: "cluster +a=1 -b" for a message, facts as they are. */
import { create } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema } from "../../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { DeltaDiscoveryResponse } from "../../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Fact } from "../fact.ts";
import { kindOf, typeUrlOf } from "../resource.ts";
import type { ResourceBatch, ResourceId, ResourceKind } from "../resource.ts";
import { ResourceSet } from "../resource-set.ts";
import { Session } from "../session.ts";
import type { SessionEvent, SessionOptions } from "../session.ts";

export interface ScriptedRequest {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly has?: Readonly<Record<string, string>>;
}

export class ScriptedProxy {
  readonly resources: ResourceSet = new ResourceSet();
  readonly session: Session;
  now = 0;
  readonly #facts: Fact[] = [];
  readonly #nonces = new Map<ResourceKind, string>();

  constructor(options: SessionOptions = {}) {
    this.session = new Session(this.resources, 0, options);
  }

  /** Changes the wanted state. */
  want(upserts: ResourceBatch["upserts"], removals: readonly ResourceId[] = []): string[] {
    return this.tell({ kind: "changed", ids: this.resources.apply({ upserts, removals }, this.now) });
  }

  request(kind: ResourceKind, { subscribe = [], unsubscribe = [], has = {} }: ScriptedRequest = {}): string[] {
    const request = create(DeltaDiscoveryRequestSchema, {
      typeUrl: typeUrlOf(kind),
      resourceNamesSubscribe: [...subscribe],
      resourceNamesUnsubscribe: [...unsubscribe],
      initialResourceVersions: { ...has },
    });
    return this.tell({ kind: "request", request });
  }

  /** Takes the last message of the kind. */
  ack(kind: ResourceKind): string[] {
    return this.#answer(kind, undefined);
  }

  /** Refuses the last message of the kind. */
  nack(kind: ResourceKind): string[] {
    return this.#answer(kind, "no good");
  }

  tell(event: SessionEvent): string[] {
    const { messages, facts } = this.session.handle(event, this.now);
    this.#facts.push(...facts);
    return messages.map((message) => {
      const kind = kindOf(message.typeUrl) ?? "cluster";
      this.#nonces.set(kind, message.nonce);
      return describe(kind, message);
    });
  }

  /** What was learnt since the last call, without plain acknowledgements and removals. */
  troubles(): Fact[] {
    return this.#facts.splice(0).filter(({ kind }) => kind !== "acknowledged" && kind !== "removed");
  }

  /** What is learnt while `act` runs. */
  allFacts(act: () => void): Fact[] {
    this.#facts.length = 0;
    act();
    return this.#facts.splice(0);
  }

  #answer(kind: ResourceKind, message: string | undefined): string[] {
    const request = create(DeltaDiscoveryRequestSchema, {
      typeUrl: typeUrlOf(kind),
      responseNonce: this.#nonces.get(kind) ?? "none",
      ...(message ? { errorDetail: { code: 3, message } } : {}),
    });
    return this.tell({ kind: "request", request });
  }
}

function describe(kind: ResourceKind, { resources, removedResources }: DeltaDiscoveryResponse): string {
  const parts = [
    ...resources.map(({ name, version }) => `+${name}=${version}`),
    ...removedResources.map((name) => `-${name}`),
  ];
  return [kind, ...parts].join(" ");
}
