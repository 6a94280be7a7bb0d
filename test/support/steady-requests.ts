/**
 * A user who must not notice: asks for one host again and again, half of the time on a kept connection, half on a new one,
 * and notes every answer that is not the expected one. At most a few hundred requests a second.
 */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Target {
  /** Default: this machine's. */
  readonly address?: string;
  readonly port: number;
  readonly host: string;
  readonly isTls: boolean;
}

/** The status and body of one GET, or the code of the error that the connection failed with. */
export function fetchOnce(target: Target, agent: HttpAgent | false = false): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const options = {
    host: target.address ?? "127.0.0.1",
    port: target.port,
    agent,
    headers: { host: target.host },
    timeout: 5_000,
    ...(target.isTls ? { servername: target.host, rejectUnauthorized: false } : {}),
  };
  const request = (target.isTls ? httpsRequest : httpRequest)(options, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => (body += text));
    response.on("end", () => resolve(`${response.statusCode} ${body}`));
    response.on("error", (error) => resolve(`broken body: ${error.message}`));
  });
  request.on("timeout", () => request.destroy(new Error("no answer in 5 s")));
  request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  request.end();
  return promise;
}

export class SteadyRequests {
  readonly #target: Target;
  readonly #expected: string;
  readonly #wrong: string[] = [];
  readonly #loop: Promise<void>;
  #count = 0;
  #isStopped = false;

  constructor(target: Target, expected: string, pauseMs: number) {
    this.#target = target;
    this.#expected = expected;
    this.#loop = this.#run(pauseMs);
  }

  async stop(): Promise<{ readonly count: number; readonly wrong: readonly string[] }> {
    this.#isStopped = true;
    await this.#loop;
    return { count: this.#count, wrong: this.#wrong };
  }

  async #run(pauseMs: number): Promise<void> {
    const options = { keepAlive: true, maxSockets: 1 };
    const agent = this.#target.isTls ? new HttpsAgent(options) : new HttpAgent(options);
    while (!this.#isStopped) {
      const answer = await fetchOnce(this.#target, this.#count % 2 === 0 ? agent : false);
      this.#count += 1;
      if (answer !== this.#expected) this.#wrong.push(answer);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    agent.destroy();
  }
}
