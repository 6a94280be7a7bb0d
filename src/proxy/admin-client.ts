/** Envoy's admin API over its unix domain socket. https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin */
import { request } from "node:http";
import { ProxyError } from "./proxy-error.ts";

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5_000;

export class AdminClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** The body. Throws ProxyError ("admin-unreachable"), also when the answer is not 200. */
  async get(path: string): Promise<string> {
    return bodyOf(path, await this.ask("GET", path));
  }

  async post(path: string): Promise<string> {
    return bodyOf(path, await this.ask("POST", path));
  }

  /** Whatever the answer is. Throws ProxyError when none comes in 5 s. */
  ask(method: "GET" | "POST", path: string, timeoutMs: number = TIMEOUT_MS): Promise<AdminAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<AdminAnswer>();
    const fail = (cause: unknown): void => {
      reject(new ProxyError("admin-unreachable", `Envoy's admin API does not answer ${method} ${path}.`, cause));
    };
    const options = { socketPath: this.#socketPath, method, path, agent: false, headers: { host: "envoy" } };
    const outgoing = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", fail);
    });
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    outgoing.on("error", fail);
    outgoing.end();
    return promise;
  }
}

function bodyOf(path: string, { status, body }: AdminAnswer): string {
  if (status !== 200) throw new ProxyError("admin-unreachable", `Envoy's admin API answers ${path} with ${status}.`);
  return body;
}
