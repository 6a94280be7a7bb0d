/** One client of a Gateway on one kept connection, who asks every millisecond until an answer is the one that is waited for. */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface Answer {
  /** 0: no answer. */
  readonly status: number;
  readonly version: string | undefined;
}

const MOST_MS = 30_000;
/** Without a pause it would take one of two processors from what it measures. */
const PAUSE_MS = 1;

export class Answers implements Disposable {
  readonly #address: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(address: string) {
    this.#address = address;
  }

  ask(host: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const sent = request(
      { host: this.#address, port: 80, agent: this.#agent, headers: { host }, timeout: 5_000 },
      (response) => {
        response.resume();
        const version = response.headers["x-version"];
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, version: typeof version === "string" ? version : undefined }),
        );
        response.once("error", () => resolve({ status: 0, version: undefined }));
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("no answer in 5 s")));
    sent.once("error", () => resolve({ status: 0, version: undefined }));
    sent.end();
    return promise;
  }

  /** The moment of the first answer that `isNew`, and the answers until then that are neither new nor as `isOld` has them. */
  async until(
    host: string,
    isNew: (answer: Answer) => boolean,
    isOld: (answer: Answer) => boolean,
  ): Promise<{ readonly at: number; readonly wrong: number }> {
    let wrong = 0;
    const until = performance.now() + MOST_MS;
    for (;;) {
      const answer = await this.ask(host);
      if (isNew(answer)) return { at: performance.now(), wrong };
      if (!isOld(answer)) wrong += 1;
      if (performance.now() > until) throw new Error(`${host}: not the new answer in ${MOST_MS / 1_000} s`);
      await delay(PAUSE_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
