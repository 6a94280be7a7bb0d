/** One HTTP/1.1 request to loopback, with the path and the host just as given. */
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { EchoedRequest } from "./echo-server.ts";

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What the backend saw, when it was one that echoes. */
  readonly echoed?: EchoedRequest;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

export async function plainRequest(
  port: number,
  host: string,
  path: string,
  {
    method = "GET",
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string | string[]>> } = {},
): Promise<PlainAnswer> {
  return await new Promise((resolve, reject) => {
    const options = { agent, port, path, method, headers: { ...headers, host }, host: "127.0.0.1" };
    const outgoing = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => {
        const echoed = body.startsWith("{") ? { echoed: JSON.parse(body) as EchoedRequest } : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, ...echoed });
      });
    });
    outgoing.on("error", reject).end();
  });
}
