/**
 * The cluster that the official tests believe in, without one: objects with generations and ages, pods of the Deployments,
 * EndpointSlices, the suite's certificates; and the whole of Trilith with a real Envoy serving it all. Every Gateway that asks
 * for no address gets a loopback address of its own, because on one machine they would fight for port 80.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { CONTROLLER_NAME } from "../../src/app/standalone-settings.ts";
import { type KnownObject, kinds, objectKey, objectKeyOf, type ObjectKey } from "../../src/resources/index.ts";
import { StatusBook, type StoredStatus } from "../../src/status/index.ts";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { DeployedPods } from "./deployed-pods.ts";
import type { EchoPod } from "./echo-pod.ts";
import { LoopbackAddresses } from "../support/loopback-addresses.ts";
import { type Manifest, officialManifests } from "./official-manifests.ts";
import { withShiftedPorts } from "./shifted-ports.ts";
import { statusViolations } from "./status-limits.ts";
import { makeSuiteCertificates, type SuiteCertificates } from "./suite-certificates.ts";

const INFRA = "gateway-conformance-infra";
const namespaces: Readonly<Record<string, string>> = {
  web: "gateway-conformance-web-backend",
  app: "gateway-conformance-app-backend",
};

/** Statuses and answers follow edits within this time, or the test fails. */
const PATIENCE_MS = 5_000;

export class OfficialWorld implements AsyncDisposable {
  readonly certificates: SuiteCertificates;
  readonly addresses: LoopbackAddresses;
  readonly #suite: string;
  readonly #served: ServedGateway;
  readonly #pods: DeployedPods;
  readonly #book: StatusBook;
  readonly #base: readonly Manifest[];
  readonly #gatewayAddresses = new Map<string, string>();
  readonly #stated = new Map<ObjectKey, Manifest>();
  readonly #objects = new Map<ObjectKey, KnownObject>();
  #deployments: Manifest[] = [];
  #ageSeconds = 0;

  private constructor(suite: string, served: ServedGateway, certificates: SuiteCertificates) {
    this.#suite = suite;
    this.#served = served;
    this.certificates = certificates;
    this.addresses = new LoopbackAddresses();
    this.#pods = new DeployedPods(this.addresses, certificates);
    this.#base = [...officialManifests(suite, "base/manifests"), ...certificates.manifests];
    const { graph, translation } = served.engine;
    const book = new StatusBook(translation.statuses, CONTROLLER_NAME);
    graph.subscribe(translation.statuses, (changes) => void book.take(changes));
    this.#book = book;
  }

  static async start(suite: string): Promise<OfficialWorld> {
    const served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-conformance-")));
    return new OfficialWorld(suite, served, await makeSuiteCertificates());
  }

  /** Forgets the last test, and serves the base manifests with those of a test, by file name without extension. */
  async begin(
    files: readonly string[],
    edit: (manifest: Manifest) => Manifest = (manifest) => manifest,
  ): Promise<void> {
    this.#stated.clear();
    this.#objects.clear();
    this.#deployments = [];
    await this.apply(...this.#base, ...files.flatMap((file) => officialManifests(this.#suite, file)).map(edit));
  }

  /** Creates or replaces, as `kubectl apply` would; returns when Envoy has it all. */
  async apply(...manifests: readonly Manifest[]): Promise<void> {
    this.#ageSeconds += 1;
    for (const manifest of manifests) {
      if (manifest.kind === "Deployment") this.#deployments.push(manifest);
      else if (manifest.kind in kinds) this.#state(withShiftedPorts(manifest));
      else throw new Error(`nobody here knows ${manifest.kind}`);
    }
    await this.#settle();
  }

  async remove(reference: string): Promise<void> {
    const key = keyOf(reference);
    if (!this.#stated.delete(key)) throw new Error(`there is no ${reference}`);
    this.#objects.delete(key);
    await this.#settle();
  }

  /** Replaces a field of an object. */
  async set(reference: string, path: readonly (string | number)[], value: unknown): Promise<void> {
    await this.apply(this.withField(reference, path, value));
  }

  /** The object with another value in a field; `undefined` takes the field away. */
  withField(reference: string, path: readonly (string | number)[], value: unknown): Manifest {
    const object: Manifest = structuredClone(this.#statedObject(reference));
    let place: object = object;
    for (const step of path.slice(0, -1)) {
      const next: unknown = Reflect.get(place, step);
      if (typeof next !== "object" || next === null) throw new Error(`${reference} has no ${path.join(".")}`);
      place = next;
    }
    const last = path.at(-1) ?? "";
    if (value === undefined) Reflect.deleteProperty(place, last);
    else Reflect.set(place, last, value);
    return object;
  }

  /** As it was applied. */
  #statedObject(reference: string): Manifest {
    const stated = this.#stated.get(keyOf(reference));
    if (stated === undefined) throw new Error(`there is no ${reference}`);
    return stated;
  }

  generationOf(reference: string): number {
    return this.#objects.get(keyOf(reference))?.metadata.generation ?? 0;
  }

  /** The status, with every condition of ours up to date; waits for nothing. */
  statusOf(reference: string): StoredStatus {
    const status = this.#book.get(keyOf(reference))?.status ?? {};
    const generation = this.generationOf(reference);
    const entries = [status, ...(status.parents ?? []), ...(status.ancestors ?? []), ...(status.listeners ?? [])];
    for (const { type, observedGeneration } of entries.flatMap(({ conditions = [] }) => conditions))
      if (observedGeneration !== generation)
        throw new Error(`${reference}: ${type} is of generation ${observedGeneration}, not of ${generation}`);
    return status;
  }

  /** What translation itself states, without times: what a status writer would bring to the API. */
  statedStatusOf(reference: string): object | undefined {
    return this.#served.engine.translation.statuses.get(keyOf(reference))?.status;
  }

  /** Repeats the check until it does not throw; after five seconds its error is the test's. */
  async eventually<T>(check: () => T | Promise<T>): Promise<T> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (performance.now() > until) throw error;
        await delay(10);
      }
    }
  }

  /** Resolves when no object says any more that its present generation is not yet with the proxy. */
  async programmed(): Promise<void> {
    await this.eventually(() => {
      for (const { kind, metadata } of this.#objects.values()) {
        const reference = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
        const { conditions = [], parents = [] } = /Route$|^Gateway$/.test(kind) ? this.statusOf(reference) : {};
        const all = [conditions, ...parents.map((parent) => parent.conditions)].flat();
        const pending = all.find(({ type, reason }) => type.endsWith("Programmed") && reason === "Pending");
        if (pending) throw new Error(`${reference}: ${pending.message}`);
      }
    });
  }

  /** What the API server would refuse of all statuses that there are. */
  violations(): string[] {
    return this.#book.all().flatMap(statusViolations);
  }

  /** Where a Gateway listens. */
  addressOf(gateway: string): string {
    const address = this.#gatewayAddresses.get(keyOf(`Gateway ${gateway}`));
    if (address === undefined) throw new Error(`there is no Gateway ${gateway}`);
    return address;
  }

  pod(name: string): EchoPod {
    const { namespace, name: bare } = namedIn(name);
    return this.#pods.pod(namespace, bare);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#served[Symbol.asyncDispose]();
    await this.#pods.close();
  }

  #state(manifest: Manifest): void {
    const placed = this.#withAddress(withNamespace(manifest));
    const key = objectKeyOf(placed);
    const before = this.#stated.get(key);
    if (before !== undefined && isDeepStrictEqual(before, placed)) return;
    const last = this.#objects.get(key)?.metadata;
    const isSame = before !== undefined && isDeepStrictEqual(before.spec, placed.spec);
    const created = new Date(Date.UTC(2026, 0, 1) + this.#ageSeconds * 1000).toISOString().replace(".000", "");
    const metadata = {
      creationTimestamp: last?.creationTimestamp ?? created,
      ...placed.metadata,
      generation: (last?.generation ?? 0) + (isSame ? 0 : 1),
    };
    const [object] = validated([{ ...placed, metadata }]);
    if (object === undefined) throw new Error(`not valid: ${key}`);
    this.#stated.set(key, placed);
    this.#objects.set(key, object);
  }

  #withAddress(manifest: Manifest): Manifest {
    if (manifest.kind !== "Gateway" || manifest.spec?.["addresses"] !== undefined) return manifest;
    const key = objectKeyOf(manifest);
    const address = this.#gatewayAddresses.get(key) ?? this.addresses.next();
    this.#gatewayAddresses.set(key, address);
    return { ...manifest, spec: { ...manifest.spec, addresses: [{ type: "IPAddress", value: address }] } };
  }

  async #settle(): Promise<void> {
    await this.#pods.run(this.#deployments);
    const services = [...this.#stated.values()].filter(({ kind }) => kind === "Service");
    for (const slice of this.#pods.endpointSlices(services)) this.#state(slice);
    this.#served.want([...this.#objects.values(), ...this.#missingNamespaces()]);
    await this.#served.delivered();
  }

  #missingNamespaces(): KnownObject[] {
    const named = new Set([...this.#objects.values()].flatMap(({ metadata }) => metadata.namespace ?? []));
    const missing = [...named].filter((name) => !this.#objects.has(keyOf(`Namespace ${name}`)));
    return validated(missing.map((name) => withNamespace({ apiVersion: "v1", kind: "Namespace", metadata: { name } })));
  }
}

/** "HTTPRoute cart" is in the namespace of the suite's infrastructure; "HTTPRoute web/cart" and "HTTPRoute app/cart" in those of its backends; others are written out. */
function keyOf(reference: string): ObjectKey {
  const [kind = "", name = ""] = reference.split(" ");
  const known = kinds[kind as keyof typeof kinds];
  if (known === undefined) throw new Error(`nobody here knows ${kind}`);
  return kind === "Namespace" || kind === "GatewayClass"
    ? objectKey({ group: known.group, kind, name })
    : objectKey({ group: known.group, kind, ...namedIn(name) });
}

function namedIn(name: string): { readonly namespace: string; readonly name: string } {
  const slash = name.indexOf("/");
  const namespace = name.slice(0, Math.max(0, slash));
  return { namespace: slash < 0 ? INFRA : (namespaces[namespace] ?? namespace), name: name.slice(slash + 1) };
}

/** What the API server adds: the default namespace, and a Namespace's own name as its label. */
function withNamespace(manifest: Manifest): Manifest {
  const { kind, metadata } = manifest;
  if (kind === "GatewayClass") return manifest;
  if (kind !== "Namespace") return { ...manifest, metadata: { namespace: "default", ...metadata } };
  const labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name };
  return { ...manifest, metadata: { ...metadata, labels } };
}
