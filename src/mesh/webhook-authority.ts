/**
 * The authority by which the API server knows the webhook: the configuration comes from the chart without it, and whoever leads fills it
 * in, again when the root changes or somebody takes it out. Without a configuration nothing is done: then nobody wants sidecars.
 */
import { type ApiClient, type ApiError, type ListedObject, resourcePath, ResourceWatch } from "../kubernetes/index.ts";
import { isApiError, Keeper } from "./keeper.ts";

export interface WebhookAuthorityOptions {
  readonly client: ApiClient;
  /** Of the MutatingWebhookConfiguration. */
  readonly name: string;
  /** PEM. */
  readonly bundle: string;
  readonly onProblem: (problem: ApiError | undefined) => void;
}

interface SentConfiguration extends ListedObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

const CONFIGURATIONS = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "mutatingwebhookconfigurations",
} as const;

export class WebhookAuthority implements Disposable {
  readonly #options: WebhookAuthorityOptions;
  readonly #keeper: Keeper<ApiError>;
  readonly #watch: Disposable;
  #bundle: string;
  #present: SentConfiguration | undefined;

  constructor(options: WebhookAuthorityOptions) {
    const { client, name, onProblem } = options;
    this.#options = options;
    this.#bundle = options.bundle;
    this.#keeper = new Keeper({
      keep: (_, signal) => this.#keep(signal),
      isProblem: isApiError,
      onProblem: (_, problem) => onProblem(problem),
    });
    this.#watch = new ResourceWatch<SentConfiguration>({
      client,
      resource: { ...CONFIGURATIONS, name },
      read: (object) => object,
      onChanges: (changes) => {
        for (const change of changes) this.#present = change.kind === "set" ? change.item : undefined;
        this.#keeper.look(name);
      },
      onProblem,
    });
  }

  start(): void {
    this.#keeper.start();
    this.#keeper.look(this.#options.name);
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  replace(bundle: string): void {
    this.#bundle = bundle;
    this.#keeper.look(this.#options.name);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const caBundle = Buffer.from(this.#bundle).toString("base64");
    const { metadata, webhooks = [] } = this.#present ?? {};
    const others = webhooks.flatMap(({ clientConfig }, index) => (clientConfig.caBundle === caBundle ? [] : [index]));
    if (metadata === undefined || others.length === 0) return;
    await this.#options.client.request({
      method: "PATCH",
      patch: "json",
      path: resourcePath({ ...CONFIGURATIONS, name: metadata.name }),
      body: [
        // Positions are those of this version.
        { op: "test", path: "/metadata/resourceVersion", value: metadata.resourceVersion },
        ...others.map((index) => ({ op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle })),
      ],
      signal,
    });
  }
}
