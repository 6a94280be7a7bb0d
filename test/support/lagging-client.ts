/** A client of the API server whose watches can be held back: a replica that has it hears of everything late. */
import type { ApiCall, ApiClient } from "../../src/kubernetes/index.ts";

export class LaggingClient implements ApiClient {
  readonly #client: ApiClient;
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** From now on nothing that is watched arrives. */
  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  /** All that was held back arrives, in its order. */
  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  request<Answer>(call: ApiCall): Promise<Answer> {
    return this.#client.request<Answer>(call);
  }

  async *stream<Document>(call: ApiCall): AsyncIterable<Document> {
    for await (const document of this.#client.stream<Document>(call)) {
      await this.#gate?.promise;
      yield document;
    }
  }
}
