/**
 * A model of Envoy as a client of delta ADS, written from how the real one behaves: clusters and listeners warm on what they
 * refer to while their old versions serve, subscriptions follow from what is held, virtual hosts are asked for once and for
 * all, a refused response may have been taken in part, listeners drain; while a cluster warms, responses of clusters are not
 * answered; listeners share what follows route scopes, which is asked for once and for all, too, and only the first of them waits for it. Knows nothing of sessions, and of the 15 s after which Envoy gives up waiting.
 */
import { create } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema } from "../../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { forEachKind, kindOf, RESOURCE_KINDS, routeTableOf, typeUrlOf } from "../resource.ts";
import type { ResourceId, ResourceKind } from "../resource.ts";
import { contentOf } from "./model-content.ts";

/** A version of a cluster or listener in the model. */
export interface Instance {
  readonly version: string;
  readonly needs: readonly ResourceId[];
  /** Of clusters: whether endpoints came since it was made. */
  hasEndpoints: boolean;
  /** Of listeners: whether it was the first that follows route scopes. */
  readonly awaitsScopes?: boolean;
}

export interface Slot {
  active?: Instance;
  warming?: Instance;
}

interface Table {
  /** By full name: version and clusters. */
  readonly hosts: Map<string, { readonly version: string; readonly clusters: readonly string[] }>;
  hasHosts: boolean;
}

const onDemand = ["endpoints", "secret", "routeTable"] as const;

export class ModelEnvoy {
  readonly clusters: Map<string, Slot> = new Map();
  readonly listeners: Map<string, Slot> = new Map();
  draining: Instance[] = [];
  readonly tables: Map<string, Table> = new Map();
  /** What the protocol layer lists as held: versions on the wire. */
  readonly versions: Record<ResourceKind, Map<string, string>> = forEachKind(() => new Map());
  readonly secrets: Set<string> = new Set();
  /** The route scopes that came since the first of the listeners that follow them; undefined where none does. */
  scopes: Set<string> | undefined;
  /** The version of each secret that its next user gets, which may be one that was refused. */
  readonly notedSecrets: Map<string, string> = new Map();
  /** Requests on their way to the server. */
  outbox: DeltaDiscoveryRequest[] = [];
  /** Secrets that nobody waits for, though they did not come: they were refused, or there are none. */
  readonly #forgone = new Set<string>();
  /** Those of clusters, while one warms. */
  #withheld: DeltaDiscoveryRequest[] = [];
  /** Called when a cluster is removed, before it is gone. */
  onClusterRemoved: (name: string) => void = () => undefined;
  /** Called when a version of a listener begins to serve. */
  onListening: (name: string, instance: Instance) => void = () => undefined;
  readonly #subscribed: Record<(typeof onDemand)[number], Set<string>> = {
    endpoints: new Set(),
    secret: new Set(),
    routeTable: new Set(),
  };
  readonly #opened = new Set<ResourceKind>();

  /** A new stream: each kind that is in use says what it has. */
  connect(): void {
    this.#withheld = [];
    // Without a server, whatever is waited for is given up in the end.
    this.#forgo("endpoints", () => true);
    this.#forgo("secret", () => true);
    this.#warm();
    this.#updateSubscriptions();
    this.outbox = [];
    this.#opened.add("cluster").add("listener");
    for (const kind of RESOURCE_KINDS) {
      if (!this.#opened.has(kind)) continue;
      const names = kind === "endpoints" || kind === "secret" || kind === "routeTable" ? this.#subscribed[kind] : [];
      if (names instanceof Set && names.size === 0) this.#opened.delete(kind);
      else this.#request(kind, [...names], [], { initialResourceVersions: Object.fromEntries(this.versions[kind]) });
    }
  }

  /** Takes a response: applies it and answers. */
  receive(response: DeltaDiscoveryResponse): void {
    const kind = kindOf(response.typeUrl);
    if (!kind || !this.#opened.has(kind)) throw new Error(`unexpected ${response.typeUrl}`);
    for (const name of response.removedResources) this.#remove(kind, name);
    const applied: [string, string][] = [];
    let culprit: string | undefined;
    for (const resource of response.resources) {
      const content = contentOf(resource.resource?.value ?? new Uint8Array());
      const isBad = content.isBad && !this.#isNoted(kind, resource.name, resource.version);
      if (isBad) culprit ??= resource.name;
      if (kind === "secret") this.notedSecrets.set(resource.name, resource.version);
      // Clusters and listeners are taken one by one; of the others, those behind the culprit are not even looked at.
      if (isBad || (culprit && kind !== "cluster" && kind !== "listener")) continue;
      this.#apply(kind, resource.name, resource.version, content.needs);
      applied.push([resource.name, resource.version]);
    }
    if (!culprit) {
      for (const name of response.removedResources) this.versions[kind].delete(name);
      for (const [name, version] of applied) if (this.#lists(kind, name)) this.versions[kind].set(name, version);
    }
    if (culprit) this.#forgo(kind, () => true);
    this.#warm();
    this.#updateSubscriptions();
    const errorDetail = culprit ? { errorDetail: { code: 3, message: "something is wrong" } } : {};
    this.#request(kind, [], [], { responseNonce: response.nonce, ...errorDetail });
    if (!this.isWarming) this.outbox.push(...this.#withheld.splice(0));
  }

  /** Whether a cluster waits for what it needs. */
  get isWarming(): boolean {
    return [...this.clusters.values()].some(({ warming }) => warming !== undefined);
  }

  /** The oldest draining listener is gone. */
  finishDraining(): void {
    this.draining.shift();
    this.#updateSubscriptions();
  }

  /** Everything that refers to clusters and serves, or is about to. */
  *usedClusters(): Generator<string> {
    for (const table of this.tables.values()) for (const { clusters } of table.hosts.values()) yield* clusters;
    for (const { active, warming } of this.listeners.values()) {
      for (const instance of [active, warming]) {
        for (const need of instance?.needs ?? []) if (need.kind === "cluster") yield need.name;
      }
    }
  }

  /** A secret is noted before it is tried, and one that is noted is not tried again. */
  #isNoted(kind: ResourceKind, name: string, version: string): boolean {
    return kind === "secret" && this.notedSecrets.get(name) === version;
  }

  /** What was sent unasked does not come onto the list; virtual hosts, being asked for by wildcard, always do. */
  #lists(kind: ResourceKind, name: string): boolean {
    return kind === "endpoints" || kind === "secret" || kind === "routeTable" ? this.#subscribed[kind].has(name) : true;
  }

  #apply(kind: ResourceKind, name: string, version: string, needs: readonly ResourceId[]): void {
    if (kind === "cluster") start(this.clusters, name, { version, needs, hasEndpoints: false });
    else if (kind === "listener") this.#applyListener(name, { version, needs, hasEndpoints: false });
    else if (kind === "routeScope") this.scopes?.add(name);
    else if (kind === "secret") this.secrets.add(name);
    else if (kind === "endpoints") this.#applyEndpoints(name);
    else if (kind === "routeTable") this.#applyTable(name);
    else {
      const clusters = needs.map((need) => need.name);
      const table = this.tables.get(routeTableOf(name));
      table?.hosts.set(name, { version, clusters });
      if (table) table.hasHosts = true;
    }
  }

  #applyListener(name: string, instance: Instance): void {
    const isFirst = this.scopes === undefined && hasScopes(instance);
    start(this.listeners, name, { ...instance, awaitsScopes: isFirst });
    if (!isFirst) return;
    this.scopes = new Set();
    if (this.#opened.has("routeScope")) return;
    this.#opened.add("routeScope");
    this.#request("routeScope", [], []);
  }

  #applyEndpoints(name: string): void {
    for (const { active, warming } of this.clusters.values()) {
      for (const instance of [active, warming]) {
        if (instance?.needs.some((need) => need.kind === "endpoints" && need.name === name))
          instance.hasEndpoints = true;
      }
    }
  }

  #applyTable(name: string): void {
    if (!this.#subscribed.routeTable.has(name) || this.tables.has(name)) return;
    this.tables.set(name, { hosts: new Map(), hasHosts: false });
    if (this.#opened.has("virtualHost")) return;
    this.#opened.add("virtualHost");
    this.#request("virtualHost", [], []);
  }

  #remove(kind: ResourceKind, name: string): void {
    if (kind === "cluster") {
      this.onClusterRemoved(name);
      this.clusters.delete(name);
    } else if (kind === "listener") {
      const active = this.listeners.get(name)?.active;
      if (active) this.draining.push(active);
      this.listeners.delete(name);
    } else if (kind === "virtualHost") this.tables.get(routeTableOf(name))?.hosts.delete(name);
    else if (kind === "routeScope") this.scopes?.delete(name);
    else if (kind === "routeTable" || (kind === "secret" && this.versions[kind].has(name)))
      throw new Error(`the server removed ${kind} ${name}, which real Envoys take badly`);
    else this.#forgo(kind, (need) => need.name === name);
  }

  /** Whatever waits for such a need waits no longer, though it did not come. */
  #forgo(kind: ResourceKind, isMeant: (need: ResourceId) => boolean): void {
    if (kind === "secret") {
      for (const name of this.#subscribed.secret) if (isMeant({ kind, name })) this.#forgone.add(name);
    }
    for (const { warming } of kind === "endpoints" ? this.clusters.values() : [])
      if (warming?.needs.some((need) => need.kind === kind && isMeant(need))) warming.hasEndpoints = true;
  }

  #warm(): void {
    const hasHosts = (table: string): boolean => this.tables.get(table)?.hasHosts === true;
    const scopes = [...(this.scopes ?? [])];
    const hasAll = (instance: Instance): boolean =>
      instance.needs.every(
        ({ kind, name }) => kind !== "secret" || this.#forgone.has(name) || this.secrets.has(name),
      ) &&
      ownTablesOf(instance).every(hasHosts) &&
      (!instance.awaitsScopes || (scopes.length > 0 && scopes.every(hasHosts)));
    for (const slot of this.clusters.values()) {
      if (slot.warming?.hasEndpoints && hasAll(slot.warming)) promote(slot);
    }
    for (const [name, slot] of this.listeners) {
      if (!slot.warming || !hasAll(slot.warming)) continue;
      if (slot.active) this.draining.push(slot.active);
      this.onListening(name, slot.warming);
      promote(slot);
    }
  }

  #updateSubscriptions(): void {
    const slots = [...this.clusters.values(), ...this.listeners.values()];
    const instances = [...slots.flatMap(({ active, warming }) => [active, warming]), ...this.draining];
    if (!instances.some((instance) => instance && hasScopes(instance))) this.scopes = undefined;
    const needs = instances.flatMap((instance) => instance?.needs ?? []);
    const tables = [
      ...instances.flatMap((instance) => (instance ? ownTablesOf(instance) : [])),
      ...(this.scopes ?? []),
    ];
    for (const kind of onDemand) {
      const named = needs.filter((need) => need.kind === kind).map(({ name }) => name);
      const names = new Set(kind === "routeTable" ? tables : named);
      const subscribed = this.#subscribed[kind];
      const gained = [...names].filter((name) => !subscribed.has(name));
      const lost = [...subscribed].filter((name) => !names.has(name));
      if (gained.length + lost.length === 0) continue;
      for (const name of lost) this.#unsubscribe(kind, name);
      for (const name of gained) subscribed.add(name);
      this.#opened.add(kind);
      this.#request(kind, gained, lost);
    }
  }

  #unsubscribe(kind: (typeof onDemand)[number], name: string): void {
    this.#subscribed[kind].delete(name);
    this.versions[kind].delete(name);
    if (kind === "secret") {
      this.secrets.delete(name);
      this.#forgone.delete(name);
      this.notedSecrets.delete(name);
    }
    // The hosts go with their table, but the protocol layer goes on listing them.
    if (kind === "routeTable") this.tables.delete(name);
  }

  #request(
    kind: ResourceKind,
    resourceNamesSubscribe: string[],
    resourceNamesUnsubscribe: string[],
    rest: {
      initialResourceVersions?: Record<string, string>;
      responseNonce?: string;
      errorDetail?: { code: number; message: string };
    } = {},
  ): void {
    const typeUrl = typeUrlOf(kind);
    const fields = { typeUrl, resourceNamesSubscribe, resourceNamesUnsubscribe, ...rest };
    const isWithheld = kind === "cluster" && rest.responseNonce !== undefined && this.isWarming;
    (isWithheld ? this.#withheld : this.outbox).push(create(DeltaDiscoveryRequestSchema, fields));
  }
}

const hasScopes = ({ needs }: Instance): boolean => needs.some(({ kind }) => kind === "routeScope");

/** The route tables that a listener names itself. */
function ownTablesOf({ needs }: Instance): string[] {
  const scopes = new Set(needs.filter(({ kind }) => kind === "routeScope").map(({ name }) => name));
  return needs.filter(({ kind, name }) => kind === "routeTable" && !scopes.has(name)).map(({ name }) => name);
}

function start(slots: Map<string, Slot>, name: string, instance: Instance): void {
  const slot = slots.get(name) ?? {};
  slots.set(name, slot);
  if ((slot.warming ?? slot.active)?.version !== instance.version) slot.warming = instance;
}

function promote(slot: Slot): void {
  if (slot.warming) slot.active = slot.warming;
  delete slot.warming;
}
