/**
 * What is written into the statuses of a Gateway and its routes, as somebody sees it who watches: when each thing was said, and
 * how often something was written.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type ListedObject, ResourceWatch } from "../../src/kubernetes/index.ts";
import { type BenchGateway, GATEWAYS, ROUTES } from "./bench-gateway.ts";

interface RouteSeen {
  /** Versions of it, the first included. */
  versions: number;
  acceptedAt?: number;
  programmedAt?: number;
}

interface SentStatus {
  readonly listeners?: readonly { readonly attachedRoutes: number }[];
  readonly parents?: readonly { readonly conditions: readonly SentCondition[] }[];
}

interface SentCondition {
  readonly type: string;
  readonly status: string;
}

const MOST_MS = 600_000;

export class StatusLog implements Disposable {
  readonly #watches: readonly Disposable[];
  readonly #routes = new Map<string, RouteSeen>();
  #accepted = 0;
  #programmed = 0;
  #gatewayVersions = 0;
  #attached = 0;
  #lastChangeAt = 0;
  #woken = Promise.withResolvers<void>();

  private constructor(gateway: BenchGateway, synced: () => void) {
    const { client, namespace } = gateway;
    let missing = 2;
    const onSynced = (): void => {
      missing -= 1;
      if (missing === 0) synced();
    };
    const read = (object: ListedObject): SentStatus => (object as { readonly status?: SentStatus }).status ?? {};
    this.#watches = [
      new ResourceWatch<SentStatus>({
        client,
        resource: { ...GATEWAYS, namespace },
        read,
        onSynced,
        onChanges: (changes) => {
          for (const change of changes) if (change.kind === "set") this.#takeGateway(change.item);
          this.#wake();
        },
      }),
      new ResourceWatch<SentStatus>({
        client,
        resource: { ...ROUTES, namespace },
        read,
        onSynced,
        onChanges: (changes) => {
          for (const change of changes) {
            if (change.kind === "set") this.#takeRoute(change.name, change.item);
            else this.#routes.delete(change.name);
          }
          this.#wake();
        },
      }),
    ];
  }

  static async open(gateway: BenchGateway): Promise<StatusLog> {
    const synced = Promise.withResolvers<void>();
    const log = new StatusLog(gateway, () => synced.resolve());
    await synced.promise;
    return log;
  }

  /** Versions of the Gateway that were seen so far: each but the first is a write of its status. */
  get gatewayVersions(): number {
    return this.#gatewayVersions;
  }

  /** Versions of all routes, beside the one that each was made with. */
  get routeWrites(): number {
    return [...this.#routes.values()].reduce((sum, { versions }) => sum + versions - 1, 0);
  }

  get lastChangeAt(): number {
    return this.#lastChangeAt;
  }

  /** The moment when it was seen that the Gateway counts so many routes. */
  attached(count: number): Promise<number> {
    return this.#until(() => this.#attached === count, `${count} attached routes, not ${this.#attached}`);
  }

  accepted(count: number): Promise<number> {
    return this.#until(() => this.#accepted >= count, `${count} accepted routes, not ${this.#accepted}`);
  }

  programmed(count: number): Promise<number> {
    return this.#until(() => this.#programmed >= count, `${count} programmed routes, not ${this.#programmed}`);
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
  }

  #takeGateway({ listeners = [] }: SentStatus): void {
    this.#gatewayVersions += 1;
    this.#attached = listeners.reduce((sum, { attachedRoutes }) => sum + attachedRoutes, 0);
  }

  #takeRoute(name: string, { parents = [] }: SentStatus): void {
    const route = this.#routes.get(name) ?? { versions: 0 };
    this.#routes.set(name, route);
    route.versions += 1;
    const isTrue = (type: string): boolean =>
      parents.some(({ conditions }) => conditions.some((one) => one.type === type && one.status === "True"));
    if (route.acceptedAt === undefined && isTrue("Accepted")) {
      route.acceptedAt = performance.now();
      this.#accepted += 1;
    }
    if (route.programmedAt === undefined && isTrue("trilith.dev/Programmed")) {
      route.programmedAt = performance.now();
      this.#programmed += 1;
    }
  }

  #wake(): void {
    this.#lastChangeAt = performance.now();
    this.#woken.resolve();
    this.#woken = Promise.withResolvers<void>();
  }

  async #until(isSo: () => boolean, what: string): Promise<number> {
    const until = performance.now() + MOST_MS;
    while (!isSo()) {
      if (performance.now() > until) throw new Error(`waited ${MOST_MS / 1_000} s for ${what}`);
      await Promise.race([this.#woken.promise, delay(1_000)]);
    }
    return isSo() ? this.#lastChangeAt : performance.now();
  }
}
