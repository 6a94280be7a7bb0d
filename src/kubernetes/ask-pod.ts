/** One GET of what a pod answers on one of its ports, its loopback among them. */
import { request } from "node:http";
import { ApiError } from "./api-client.ts";
import type { ClusterClient, PodPort } from "./cluster-client.ts";

const TIMEOUT_MS = 15_000;

/** The body of the answer. Rejects with an ApiError where the pod is not reached, or answers that it will not. */
export async function askPod(
  client: Pick<ClusterClient, "connectToPod">,
  at: PodPort,
  path: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<string> {
  const what = `port ${at.port} of the pod ${at.namespace}/${at.pod}`;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const stream = await client.connectToPod(at, signal);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const call = request({
      createConnection: () => stream,
      path,
      headers: { host: "localhost", connection: "close" },
      signal,
    });
    call.once("error", reject);
    call.once("response", (answer) => {
      answer
        .setEncoding("utf8")
        .toArray()
        .then((pieces) => {
          const text = pieces.join("");
          if (answer.statusCode === 200) resolve(text);
          else reject(new ApiError("failed", `it answered ${answer.statusCode}: ${text.trim()}`));
        }, reject);
    });
    call.end();
    return await promise.finally(() => stream.destroy());
  } catch (error) {
    throw failureOf(error, what, signal, timeoutMs);
  }
}

function failureOf(error: unknown, what: string, signal: AbortSignal, timeoutMs: number): ApiError {
  if (signal.aborted) return new ApiError("timeout", `${what}: no answer for ${timeoutMs} ms`, { cause: error });
  const code = error instanceof ApiError ? error.code : "unreachable";
  return new ApiError(code, `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
