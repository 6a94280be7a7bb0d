/** Holds one answer of Envoy against what the evaluator says of the request. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Choice, EvaluatedRequest, Outcome } from "../../src/insight/index.ts";
import type { EchoedRequest } from "../support/echo-server.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly echoed?: EchoedRequest;
  /** The connection was closed or refused. */
  readonly closed?: string;
}

export function ask(asked: EvaluatedRequest): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const options = {
    host: "127.0.0.1",
    port: asked.port,
    method: asked.method,
    path: asked.target,
    agent: false,
    timeout: 10_000,
    headers: { ...asked.headers, host: asked.host },
    ...(asked.tls && { servername: asked.tls.serverName ?? "", rejectUnauthorized: false }),
  };
  const outgoing = (asked.tls ? httpsRequest : httpRequest)(options, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => (body += text));
    response.on("end", () => resolve(answerOf(response.statusCode ?? 0, response.headers, body)));
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in 10 s")));
  outgoing.on("error", (error: NodeJS.ErrnoException) => resolve({ status: 0, closed: error.code ?? error.message }));
  outgoing.end();
  return promise;
}

function answerOf(status: number, { location }: IncomingHttpHeaders, body: string): Answer {
  return {
    status,
    ...(location !== undefined && { location }),
    ...(body.startsWith("{") && { echoed: JSON.parse(body) as EchoedRequest }),
  };
}

/** Why the answer is none that the evaluator allows; undefined where it is one. */
export function differenceOf(asked: EvaluatedRequest, expected: Outcome, answer: Answer): string | undefined {
  switch (expected.kind) {
    case "refused":
    case "closed":
      return answer.closed === undefined ? `expected a closed connection, got ${show(answer)}` : undefined;
    case "status":
      return answer.status === expected.status && !answer.echoed
        ? undefined
        : `expected ${expected.status} (${expected.because}), got ${show(answer)}`;
    case "redirect":
      return differenceOfChoice(asked, expected, answer);
    case "split": {
      const differences = expected.choices.map(({ outcome }) => differenceOfChoice(asked, outcome, answer));
      return differences.includes(undefined)
        ? undefined
        : `${differences.join("; or ")} (rule ${JSON.stringify(expected.rule)})`;
    }
  }
}

function differenceOfChoice(asked: EvaluatedRequest, outcome: Choice["outcome"], answer: Answer): string | undefined {
  switch (outcome.kind) {
    case "status":
      return answer.status === outcome.status && !answer.echoed
        ? undefined
        : `expected ${outcome.status}, got ${show(answer)}`;
    case "redirect":
      return answer.status === outcome.status && isSameUrl(answer.location, outcome.location)
        ? undefined
        : `expected ${outcome.status} ${outcome.location}, got ${show(answer)}`;
    case "forward": {
      const { echoed } = answer;
      if (echoed === undefined) return `expected ${outcome.backend}, got ${show(answer)}`;
      const wrong = [
        outcome.backend === echoed.backend ? [] : `backend ${outcome.backend}`,
        outcome.target === echoed.path ? [] : `target ${outcome.target}`,
        outcome.host === echoed.headers.host ? [] : `host ${outcome.host}`,
        ...["x-one", "x-two", "x-three", "x-new"].map((name) => {
          const value = name in outcome.headers ? outcome.headers[name] : asked.headers[name];
          const got = echoed.headers[name];
          return normal(value) === normal(Array.isArray(got) ? got.join(",") : got) ? [] : `${name}: ${value}`;
        }),
      ].flat();
      return wrong.length === 0 ? undefined : `expected ${wrong.join(", ")}, got ${show(answer)}`;
    }
  }
}

/**
 * Whether two URLs say the same (RFC 3986, section 6.2): hosts without case, and with or without the scheme's own port, which
 * Envoy cannot leave out where the host is not known beforehand and the request named a port.
 */
function isSameUrl(a: string | undefined, b: string): boolean {
  return a !== undefined && new URL(a).href === new URL(b).href;
}

/** Node joins lines of one header with ", ", a proxy may with ",". */
const normal = (value: string | undefined): string | undefined => value?.replaceAll(", ", ",");

const show = ({ status, location, echoed, closed }: Answer): string =>
  closed ?? `${status}${location === undefined ? "" : ` ${location}`}${echoed ? ` ${JSON.stringify(echoed)}` : ""}`;
