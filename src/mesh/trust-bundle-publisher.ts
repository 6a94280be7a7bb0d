/**
 * The mesh's roots for whoever is outside it, as the ClusterTrustBundle `trilith-root`, which pods of any namespace can mount: kept by
 * whoever leads, where the API server serves the kind. Sidecars do not need it (RootConfigMaps).
 *
 * It has no signer, since nobody asks the API server for certificates of the mesh.
 *
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#cluster-trust-bundles
 */
import {
  type ApiClient,
  ApiError,
  type ListedObject,
  resourcePath,
  systemTimers,
  type Timers,
} from "../kubernetes/index.ts";
import { isApiError, Keeper } from "./keeper.ts";

export interface TrustBundlePublisherOptions {
  readonly client: ApiClient;
  /** PEM. */
  readonly bundle: string;
  /** The version in which the kind is served here; undefined where it is not. Told when it is another one than before. */
  readonly onServed: (version: string | undefined) => void;
  readonly onProblem: (problem: ApiError | undefined) => void;
  readonly timers?: Timers;
}

interface SentTrustBundle extends ListedObject {
  readonly spec?: { readonly trustBundle?: string };
}

const GROUP = "certificates.k8s.io";
const PLURAL = "clustertrustbundles";
const NAME = "trilith-root";
/** The newest first. */
const VERSIONS = ["v1", "v1beta1", "v1alpha1"] as const;
const FIELD_MANAGER = "trilith.dev/mesh-controller";
const LABELS = { "app.kubernetes.io/managed-by": "trilith.dev-mesh-controller" };
/** The kind may come with an upgrade, and somebody may change the object. */
const LOOK_MS = 60_000;

export class TrustBundlePublisher {
  readonly #options: TrustBundlePublisherOptions;
  readonly #timers: Timers;
  readonly #keeper: Keeper<ApiError>;
  #bundle: string;
  #served: { readonly version: string | undefined } | undefined;
  #next: Disposable | undefined;

  constructor(options: TrustBundlePublisherOptions) {
    this.#options = options;
    this.#bundle = options.bundle;
    this.#timers = options.timers ?? systemTimers;
    this.#keeper = new Keeper({
      keep: (_, signal) => this.#keep(signal),
      isProblem: isApiError,
      onProblem: (_, problem) => options.onProblem(problem),
      timers: this.#timers,
    });
  }

  start(): void {
    this.#keeper.start();
    this.#look();
  }

  async stop(): Promise<void> {
    this.#next?.[Symbol.dispose]();
    await this.#keeper.stop();
  }

  replace(bundle: string): void {
    this.#bundle = bundle;
    if (this.#keeper.isLeading) this.#keeper.look(NAME);
  }

  #look(): void {
    this.#keeper.look(NAME);
    this.#next = this.#timers.after(LOOK_MS, () => this.#look());
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const version = await this.#versionServed(signal);
    if (this.#served === undefined || this.#served.version !== version) this.#options.onServed(version);
    this.#served = { version };
    if (version === undefined) return;
    const path = resourcePath({ group: GROUP, version, plural: PLURAL, name: NAME });
    const present = await unlessMissing(this.#options.client.request<SentTrustBundle>({ method: "GET", path, signal }));
    if (present?.spec?.trustBundle === this.#bundle) return;
    await this.#options.client.request({
      method: "PATCH",
      patch: "apply",
      path,
      query: { fieldManager: FIELD_MANAGER, force: "true" },
      body: {
        apiVersion: `${GROUP}/${version}`,
        kind: "ClusterTrustBundle",
        metadata: { name: NAME, labels: LABELS },
        spec: { trustBundle: this.#bundle },
      },
      signal,
    });
  }

  async #versionServed(signal: AbortSignal): Promise<string | undefined> {
    for (const version of VERSIONS) {
      const path = `/apis/${GROUP}/${version}`;
      const list = await unlessMissing(
        this.#options.client.request<{ readonly resources: readonly { readonly name: string }[] }>({
          method: "GET",
          path,
          signal,
        }),
      );
      if (list?.resources.some(({ name }) => name === PLURAL)) return version;
    }
    return undefined;
  }
}

async function unlessMissing<Found>(call: Promise<Found>): Promise<Found | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.code === "notFound") return undefined;
    throw error;
  }
}
