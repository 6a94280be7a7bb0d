/**
 * What Gateways have in the cluster around them: made by the provisioner while this replica leads, and seen by every replica,
 * so that each knows what a Gateway is reached by.
 */
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { Index } from "../collections/index.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import {
  gatewayAddressOf,
  type Installation,
  isOf,
  type NameClaims,
  nameOf,
  type OwnedName,
  type OwnedObject,
  OwnedObjects,
  Provisioner,
  type ProvisioningProblem,
  servicesOf,
  type Wish,
} from "../provision/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import type { Unread } from "../sources/index.ts";
import type { GatewayAddressFact } from "../translate/index.ts";
import type { Engine } from "./engine.ts";
import type { Duty } from "./leadership.ts";

export interface GatewayInfrastructureOptions {
  readonly client: ApiClient;
  readonly engine: Engine;
  readonly names: NameClaims;
  readonly installation: Installation;
  readonly log: Logger;
}

export class GatewayInfrastructure implements Disposable, Duty {
  readonly #engine: Engine;
  readonly #names: NameClaims;
  /** More Services of a Gateway than one have names of their own. */
  readonly #byUid: Index<Wish>;
  readonly #owned: OwnedObjects;
  readonly #provisioner: Provisioner;
  readonly #following: Disposable;
  readonly #synced: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #troubles = new Map<OwnedName["kind"], string>();
  readonly #problems = new Map<ObjectKey, ProvisioningProblem>();
  readonly #changed = new Set<ObjectKey>();

  constructor({ client, engine, names, installation, log }: GatewayInfrastructureOptions) {
    const wishes = engine.translation.infrastructure;
    this.#engine = engine;
    this.#names = names;
    this.#byUid = engine.graph.index(wishes, "by uid", ({ uid }) => (uid === undefined ? [] : [uid]));
    this.#owned = new OwnedObjects({
      client,
      onSynced: () => this.#synced.resolve(),
      onChange: (object, owner) => this.#look(object, owner),
      onProblem: (kind, problem) => {
        const trouble = problem && `the ${kind}s of Gateways cannot be followed: ${problem.message}`;
        if (trouble !== undefined && trouble !== this.#troubles.get(kind)) log.warn({ code: problem?.code }, trouble);
        if (trouble === undefined) this.#troubles.delete(kind);
        else this.#troubles.set(kind, trouble);
      },
    });
    this.#provisioner = new Provisioner({
      client,
      wishes,
      names,
      installation,
      owned: this.#owned,
      onProblem: (gateway, problem) => {
        const isNews = problem !== undefined && problem.message !== this.#problems.get(gateway)?.message;
        if (problem === undefined) this.#problems.delete(gateway);
        else this.#problems.set(gateway, problem);
        this.#tell(gateway);
        if (isNews) log.error({ gateway }, `what the Gateway needs cannot be made: ${problem.message}`);
      },
    });
    this.#following = engine.graph.subscribe(wishes, (changes) => {
      this.#provisioner.take(changes);
      for (const { key, before, after } of changes) {
        this.#tell(key as ObjectKey);
        for (const wish of [before, after]) if (wish) this.#tellClaimants(wish.namespace, nameOf(wish));
      }
    });
  }

  /** What there is has been read. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** What has not been. */
  get unread(): readonly Unread[] {
    return [...this.#owned.unread].map((kind) => {
      const problem = this.#troubles.get(kind);
      return { what: `${kind}s of Gateways`, ...(problem !== undefined && { problem }) };
    });
  }

  /** What stands in the way of a Gateway's objects, by Gateway. */
  get problems(): ReadonlyMap<ObjectKey, ProvisioningProblem> {
    return this.#problems;
  }

  start(): void {
    this.#provisioner.start();
  }

  stop(): Promise<void> {
    return this.#provisioner.stop();
  }

  /** Other authorities, say. */
  reinstall(installation: Installation): void {
    this.#provisioner.reinstall(installation);
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
    this.#owned[Symbol.dispose]();
  }

  #look({ namespace, name }: OwnedName, owner: string | undefined): void {
    const wishes = [
      ...this.#names.claimantsOf(namespace, name),
      ...(owner === undefined ? [] : this.#byUid.lookup(owner)),
    ];
    for (const { key } of wishes) {
      this.#provisioner.look(key);
      this.#tell(key);
    }
  }

  #tellClaimants(namespace: string, name: string): void {
    for (const { key } of this.#names.claimantsOf(namespace, name)) this.#tell(key);
  }

  /** Subscribers may not write to the graph, so facts follow right behind. */
  #tell(gateway: ObjectKey): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#writeFacts());
    this.#changed.add(gateway);
  }

  #writeFacts(): void {
    const gateways = [...this.#changed];
    this.#changed.clear();
    const { graph, translation, driven } = this.#engine;
    graph.batch(() => {
      for (const gateway of gateways) {
        const wish = translation.infrastructure.get(gateway);
        const before = driven.gatewayAddresses.get(gateway);
        if (wish === undefined) driven.gatewayAddresses.delete(gateway);
        else {
          const fact = { ...this.#addressOf(wish, before), ...this.#troubleOf(wish) };
          if (!isDeepStrictEqual(fact, before)) driven.gatewayAddresses.set(fact);
        }
      }
    });
  }

  /** A replica that does not lead knows of no attempts, but of names. */
  #troubleOf(wish: Wish): Pick<GatewayAddressFact, "problem" | "hindrance"> {
    const conflict = this.#names.conflictOf(wish);
    if (conflict !== undefined) return { problem: conflict, hindrance: "nameTaken" };
    const { message: problem, hindrance } = this.#problems.get(wish.key) ?? {};
    return { ...(problem !== undefined && { problem }), ...(hindrance && { hindrance }) };
  }

  #addressOf(wish: Wish, before: ReturnType<typeof gatewayAddressOf> | undefined): ReturnType<typeof gatewayAddressOf> {
    // The Service of that name is another one's.
    if (this.#names.conflictOf(wish) !== undefined) return { key: wish.key, addresses: [], unusable: [] };
    const refusals = this.#problems.get(wish.key)?.refusedServices;
    const services = servicesOf(wish).map((plan) => ({
      plan,
      found: this.#ownObject(wish, "Service", plan.name),
      refusal: refusals?.get(plan.name),
    }));
    const deployment = this.#ownObject(wish, "Deployment", nameOf(wish));
    return gatewayAddressOf(wish, services, deployment?.status, before);
  }

  #ownObject(wish: Wish, kind: OwnedName["kind"], name: string): OwnedObject | undefined {
    const found = this.#owned.get(kind, wish.namespace, name);
    return found && isOf(wish, found.ownership) ? found : undefined;
  }
}
