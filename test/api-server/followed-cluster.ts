/** What a Kubernetes source tells of a cluster, as it stands, and what it met on the way. */
import { onTestFinished } from "vitest";
import { type ApiCall, type ApiClient, ApiError, type ApiErrorCode } from "../../src/kubernetes/index.ts";
import { type KubernetesSource, type ObjectChange, startKubernetesSource } from "../../src/sources/index.ts";

type KnownObject = Extract<ObjectChange, { readonly kind: "set" }>["object"];

export class FollowedCluster {
  /** By key. */
  readonly objects: Map<string, KnownObject> = new Map();
  /** Keys of what was told to be gone, in order. */
  readonly gone: string[] = [];
  /** Why calls ended that were no success. */
  readonly failures: Set<ApiErrorCode> = new Set();
  /** Paths of the watches that are open, each as often as there are some. */
  readonly watches: string[] = [];
  readonly source: KubernetesSource;
  readonly synced: Promise<void>;

  /** For the rest of the test. */
  constructor(client: ApiClient) {
    const synced = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.source = startKubernetesSource({
      client: new NotingClient(client, this.failures, this.watches),
      onChanges: (changes) => {
        for (const change of changes) {
          if (change.kind === "set") this.objects.set(change.key, change.object);
          else {
            this.objects.delete(change.key);
            this.gone.push(change.key);
          }
        }
      },
      onSynced: () => synced.resolve(),
    });
    onTestFinished(() => this.source[Symbol.dispose]());
  }

  /** Of all objects of the kind, sorted. */
  namesOf(kind: string): readonly string[] {
    return [...this.objects.values()]
      .filter((object) => object.kind === kind)
      .map(({ metadata }) => metadata.name)
      .sort();
  }
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: { readonly code?: number };
}

class NotingClient implements ApiClient {
  readonly #client: ApiClient;
  readonly #failures: Set<ApiErrorCode>;
  readonly #watches: string[];

  constructor(client: ApiClient, failures: Set<ApiErrorCode>, watches: string[]) {
    this.#client = client;
    this.#failures = failures;
    this.#watches = watches;
  }

  async request<Answer>(call: ApiCall): Promise<Answer> {
    try {
      return await this.#client.request<Answer>(call);
    } catch (error) {
      throw this.#noted(error);
    }
  }

  async *stream<Document>(call: ApiCall): AsyncIterable<Document> {
    this.#watches.push(call.path);
    try {
      for await (const document of this.#client.stream<Document>(call)) {
        // As a watch that was let in is told that its version is forgotten.
        const { type, object } = document as WatchEvent;
        if (type === "ERROR" && object?.code === 410) this.#failures.add("gone");
        yield document;
      }
    } catch (error) {
      throw this.#noted(error);
    } finally {
      this.#watches.splice(this.#watches.indexOf(call.path), 1);
    }
  }

  #noted(error: unknown): unknown {
    if (error instanceof ApiError) this.#failures.add(error.code);
    return error;
  }
}
