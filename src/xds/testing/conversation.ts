/**
 * A session and a model Envoy with a slow line between them, and the rules that must hold at every moment. Each step of a
 * random test moves one message, the clock, a listener's drain or the wanted state.
 */
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Fact } from "../fact.ts";
import { kindOf } from "../resource.ts";
import type { ResourceKind, ResourceRecord } from "../resource.ts";
import { ResourceSet } from "../resource-set.ts";
import { Session } from "../session.ts";
import type { SessionEvent } from "../session.ts";
import { contentOf } from "./model-content.ts";
import { ModelEnvoy } from "./model-envoy.ts";
import { byName, recordsOf, stepBetween, versionsOf } from "./model-world.ts";
import type { World } from "./model-world.ts";

const HOLD_MS = 15_000;
const CATCH_UP_MS = 1_000;
/** Longer than a step of a test waits, and shorter than `settle` does. */
const DRAIN_MS = 60_000;

export class Conversation {
  readonly envoy: ModelEnvoy = new ModelEnvoy();
  readonly problems: string[] = [];
  /** What happened, for reading. */
  readonly story: string[] = [];
  readonly #resources = new ResourceSet();
  readonly #badVersions = new Set<string>();
  /** Versions that went out without what they need. */
  readonly #overdue = new Set<string>();
  #wanted: ReadonlyMap<string, ResourceRecord> = new Map();
  #session: Session;
  #toEnvoy: DeltaDiscoveryResponse[] = [];
  /** What the proxy had when it connected last. */
  #reportedSecrets: ReadonlyMap<string, string> = new Map();
  #unanswered = new Set<string>();
  /** What the session knows of the proxy's listeners is not sure: it reconnected, or refused several at once. */
  #isUnsure = false;
  #listenersUnderWay = 0;
  #now = 0;

  constructor() {
    this.#session = new Session(this.#resources, this.#now, {
      holdMs: HOLD_MS,
      drainMs: DRAIN_MS,
      catchUpMs: CATCH_UP_MS,
    });
    this.envoy.onClusterRemoved = (name) => {
      if ([...this.envoy.usedClusters()].includes(name)) this.#object(`cluster ${name} was removed while in use`);
    };
    this.envoy.onListening = (name, { version, needs }) => {
      const isWanted = this.#wanted.get(`listener ${name}`)?.version === version;
      if (!isWanted || this.#overdue.has(`listener ${name} ${version}`)) return;
      for (const need of needs) {
        const isServed = this.envoy.scopes?.has(need.name) && this.envoy.tables.get(need.name)?.hasHosts;
        if (need.kind === "routeScope" && !isServed) this.#object(`listener ${name} serves without ${need.name}`);
      }
    };
    this.envoy.connect();
  }

  want(world: World): void {
    const records = recordsOf(world);
    for (const record of records.values()) {
      if (contentOf(record.bytes).isBad) this.#badVersions.add(`${record.kind} ${record.name} ${record.version}`);
    }
    const ids = this.#resources.apply(stepBetween(this.#wanted, records), this.#now);
    this.#wanted = records;
    this.story.push(`want ${ids.map(({ kind, name }) => `${kind} ${name}`).join()}`);
    this.#tell({ kind: "changed", ids });
  }

  /** Moves a message to Envoy. */
  deliverResponse(): boolean {
    const response = this.#toEnvoy.shift();
    if (!response) return false;
    this.story.push(`envoy takes ${describe(response)}`);
    this.envoy.receive(response);
    return true;
  }

  /** Moves a message to the server. */
  deliverRequest(): boolean {
    const request = this.envoy.outbox.shift();
    if (!request) return false;
    this.story.push(`server takes ${describeRequest(request)}`);
    const kind = kindOf(request.typeUrl) ?? "";
    if (request.responseNonce !== "") this.#unanswered.delete(kind);
    if (kind === "listener" && request.errorDetail && this.#listenersUnderWay > 1) this.#isUnsure = true;
    this.#tell({ kind: "request", request });
    return true;
  }

  /** No request takes as long as the bound on waiting. */
  wait(ms: number): void {
    if (ms >= HOLD_MS) while (this.deliverRequest());
    this.#now += ms;
    if (this.#now >= (this.#session.deadline() ?? Infinity)) this.#tell({ kind: "tick" });
  }

  reconnect(): void {
    this.story.push("reconnect");
    this.#isUnsure = true;
    this.#reportedSecrets = new Map(this.envoy.versions.secret);
    this.#toEnvoy = [];
    this.#unanswered = new Set();
    this.#session = new Session(this.#resources, this.#now, {
      holdMs: HOLD_MS,
      drainMs: DRAIN_MS,
      catchUpMs: CATCH_UP_MS,
      doubts: this.#session.doubts(),
    });
    this.envoy.connect();
  }

  finishDraining(): void {
    this.envoy.finishDraining();
  }

  /** Lets everything come to rest: all messages arrive, all listeners drain, all waits end. */
  settle(): void {
    for (let round = 0; round < 2 + DRAIN_MS / HOLD_MS; round += 1) {
      if (!this.#deliverAll()) return this.#object("the conversation does not come to rest");
      this.#checkHeldListeners();
      if (this.envoy.isWarming)
        this.#object("a cluster waits for what nobody sends, and Envoy takes no other meanwhile");
      while (this.envoy.draining.length > 0) this.finishDraining();
      this.wait(HOLD_MS);
    }
    return undefined;
  }

  /**
   * Until neither side has anything to say, also not in a second: a session may find out that it is behind, and be silent, when it has
   * spoken of clusters already, and what these wait for comes after that. Whether there is an end of it.
   */
  #deliverAll(): boolean {
    for (let steps = 0; steps < 10_000; steps += 1) {
      if (this.deliverResponse() || this.deliverRequest()) continue;
      this.wait(CATCH_UP_MS);
      if (this.#toEnvoy.length + this.envoy.outbox.length === 0) return true;
    }
    return false;
  }

  /**
   * Comes to rest; the next user of a secret must get then what those before it serve with. Not so where the proxy reported a version
   * that nobody knows the content of any more, so that it cannot be sent again (docs/decisions/xds-what-envoy-does.md).
   */
  rest(): void {
    this.settle();
    const { notedSecrets, versions } = this.envoy;
    for (const [name, listed] of versions.secret) {
      const noted = notedSecrets.get(name);
      if (noted !== listed && this.#reportedSecrets.get(name) !== listed)
        this.#object(`secret ${name} is ${listed} and would be ${noted} for its next user`);
    }
  }

  /** What Envoy serves with, kind by kind, beside what it should: equal after `settle` when nothing is refused. */
  served(): Record<string, unknown> {
    const { clusters, listeners, tables, versions } = this.envoy;
    const active = (slots: typeof clusters): unknown =>
      [...slots]
        .map(([name, { active, warming }]): [string, ...unknown[]] => [name, active?.version, warming?.version])
        .sort(byName);
    return {
      clusters: active(clusters),
      listeners: active(listeners),
      hosts: [...tables.values()]
        .flatMap(({ hosts }) => [...hosts].map(([name, { version }]): [string, string] => [name, version]))
        .sort(byName),
      listedHosts: [...versions.virtualHost].sort(byName),
      scopes: [...versions.routeScope].sort(byName),
      secrets: [...versions.secret].sort(byName),
      endpoints: [...versions.endpoints]
        .map(([name, version]): [string, ...unknown[]] => [name, version.split("@")[0]])
        .sort(byName),
      progress: this.#session.progress(),
    };
  }

  wanted(): Record<string, unknown> {
    const versions = (kind: ResourceKind): [string, string][] => versionsOf(this.#wanted, kind);
    const active = (kind: ResourceKind): unknown => versions(kind).map(([name, version]) => [name, version, undefined]);
    return {
      clusters: active("cluster"),
      listeners: active("listener"),
      hosts: versions("virtualHost"),
      listedHosts: versions("virtualHost"),
      scopes: versions("routeScope"),
      secrets: versions("secret"),
      endpoints: versions("endpoints"),
      progress: { underWay: 0, waiting: 0, pending: 0 },
    };
  }

  #tell(event: SessionEvent): void {
    const { messages, facts } = this.#session.handle(event, this.#now);
    for (const message of messages) this.#check(message, facts);
    for (const fact of facts) {
      if (fact.kind === "held") this.#overdue.add(`${fact.id.kind} ${fact.id.name} ${fact.version}`);
      if (fact.kind === "refused" && !this.#badVersions.has(`${fact.id.kind} ${fact.id.name} ${fact.version}`))
        this.#object(`${fact.id.kind} ${fact.id.name} ${fact.version} is called refused, and is good`);
    }
    this.#toEnvoy.push(...messages);
  }

  /** At rest, a session that is sure of its proxy holds no listener back for a scope that the proxy does not have. */
  #checkHeldListeners(): void {
    if (this.#isUnsure) return;
    for (const { kind, name, version, needs, bytes } of this.#wanted.values()) {
      const { active, warming } = this.envoy.listeners.get(name) ?? {};
      if (kind !== "listener" || (warming ?? active)?.version === version || contentOf(bytes).isBad) continue;
      const lost = needs.filter((need) => need.kind === "routeScope" && !this.envoy.scopes?.has(need.name));
      for (const scope of lost) this.#object(`listener ${name} waits in vain for ${scope.name}`);
    }
  }

  #check(message: DeltaDiscoveryResponse, facts: readonly Fact[]): void {
    const kind = kindOf(message.typeUrl);
    if (!kind) return this.#object(`unknown type ${message.typeUrl}`);
    if (this.#unanswered.has(kind)) this.#object(`two responses of ${kind} are under way`);
    this.#unanswered.add(kind);
    if (kind === "listener") this.#listenersUnderWay = message.resources.length;
    const overdue = new Set(facts.flatMap((fact) => (fact.kind === "held" ? [`${fact.id.kind} ${fact.id.name}`] : [])));
    for (const { name, resource } of message.resources) {
      if ((kind !== "virtualHost" && kind !== "listener") || overdue.has(`${kind} ${name}`)) continue;
      for (const need of contentOf(resource?.value ?? new Uint8Array()).needs) {
        if (need.kind === "cluster" && !this.#serves(need.name))
          this.#object(`${kind} ${name} was sent, and its cluster ${need.name} is not ready`);
      }
    }
    return undefined;
  }

  #serves(cluster: string): boolean {
    const active = this.envoy.clusters.get(cluster)?.active;
    const wanted = this.#wanted.get(`cluster ${cluster}`);
    if (!active || !wanted) return false;
    return active.version === wanted.version || contentOf(wanted.bytes).isBad;
  }

  #object(problem: string): void {
    this.story.push(`PROBLEM: ${problem}`);
    this.problems.push(problem);
  }
}

function describe({ typeUrl, nonce, resources, removedResources }: DeltaDiscoveryResponse): string {
  const names = resources.map(({ name, version }) => `${name}=${version}`);
  return `${kindOf(typeUrl)} #${nonce} ${[...names, ...removedResources.map((name) => `-${name}`)].join(" ")}`;
}

function describeRequest(request: DeltaDiscoveryRequest): string {
  const { typeUrl, responseNonce, errorDetail, initialResourceVersions } = request;
  const answer = responseNonce === "" ? "" : ` ${errorDetail ? "refuses" : "takes"} #${responseNonce}`;
  const names = [...request.resourceNamesSubscribe, ...request.resourceNamesUnsubscribe.map((name) => `-${name}`)];
  return `${kindOf(typeUrl)}${answer} ${names.join(" ")} ${JSON.stringify(initialResourceVersions)}`;
}
