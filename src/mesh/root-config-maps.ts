/**
 * The ConfigMap in each namespace of the mesh with what its sidecars read when they start: whom they know the control plane by, and how
 * they find their token. A running Envoy takes up other authorities by itself. Pods that were made before it wait for it.
 *
 * It stays when a namespace leaves the mesh, since pods that have not been made anew still read it.
 */
import { isDeepStrictEqual } from "node:util";
import { type ApiClient, type ApiError, type ListedObject, resourcePath, ResourceWatch } from "../kubernetes/index.ts";
import { isApiError, Keeper } from "./keeper.ts";
import { ROOT_CONFIG_MAP } from "./sidecar-containers.ts";

export interface RootConfigMapsOptions {
  readonly client: ApiClient;
  /** By name of the file. */
  readonly files: Readonly<Record<string, string>>;
  readonly onProblem: (namespace: string, problem: ApiError | undefined) => void;
}

interface SentConfigMap extends ListedObject {
  readonly data?: Readonly<Record<string, string>>;
}

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" } as const;
const FIELD_MANAGER = "trilith.dev/mesh-controller";
const LABELS = { "app.kubernetes.io/managed-by": "trilith.dev-mesh-controller" };

export class RootConfigMaps implements Disposable {
  readonly #client: ApiClient;
  readonly #keeper: Keeper<ApiError>;
  readonly #watch: Disposable;
  readonly #wanted = new Set<string>();
  /** By namespace. */
  readonly #present = new Map<string, SentConfigMap["data"]>();
  #files: Readonly<Record<string, string>>;

  constructor({ client, files, onProblem }: RootConfigMapsOptions) {
    this.#client = client;
    this.#files = files;
    this.#keeper = new Keeper({
      keep: (namespace, signal) => this.#keep(namespace, signal),
      isProblem: isApiError,
      onProblem,
    });
    this.#watch = new ResourceWatch<SentConfigMap>({
      client,
      resource: CONFIG_MAPS,
      labelSelector: Object.entries(LABELS)
        .map(([label, value]) => `${label}=${value}`)
        .join(","),
      read: (object) => object,
      onChanges: (changes) => {
        for (const change of changes) {
          const [namespace = "", name] = change.name.split("/");
          if (name !== ROOT_CONFIG_MAP) continue;
          if (change.kind === "set") this.#present.set(namespace, change.item.data ?? {});
          else this.#present.delete(namespace);
          this.#look(namespace);
        }
      },
      onProblem: (problem) => onProblem("", problem),
    });
  }

  start(): void {
    this.#keeper.start();
    for (const namespace of this.#wanted) this.#keeper.look(namespace);
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  /** The namespace has pods of the mesh, or may have some soon. */
  want(namespace: string): void {
    if (this.#wanted.has(namespace)) return;
    this.#wanted.add(namespace);
    this.#keeper.look(namespace);
  }

  unwant(namespace: string): void {
    this.#wanted.delete(namespace);
  }

  replace(files: Readonly<Record<string, string>>): void {
    this.#files = files;
    for (const namespace of this.#wanted) this.#keeper.look(namespace);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #look(namespace: string): void {
    if (this.#wanted.has(namespace)) this.#keeper.look(namespace);
  }

  async #keep(namespace: string, signal: AbortSignal): Promise<void> {
    if (!this.#wanted.has(namespace) || isDeepStrictEqual(this.#present.get(namespace), this.#files)) return;
    await this.#client.request({
      method: "PATCH",
      patch: "apply",
      path: resourcePath({ ...CONFIG_MAPS, namespace, name: ROOT_CONFIG_MAP }),
      query: { fieldManager: FIELD_MANAGER, force: "true" },
      body: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: ROOT_CONFIG_MAP, namespace, labels: LABELS },
        data: this.#files,
      },
      signal,
    });
  }
}
