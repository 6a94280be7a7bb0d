/** Requests to a Gateway of the official tests, and what must come of them: an answer, and what the backend saw. */
import { randomUUID } from "node:crypto";
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { ConnectionOptions } from "node:tls";
import type { Arrived } from "./echo-pod.ts";
import { portHere } from "./shifted-ports.ts";
import type { OfficialWorld } from "./official-world.ts";

export interface Asked {
  /** With its query. Default: "/". */
  readonly path?: string;
  readonly method?: string;
  /** Default: the Gateway's address. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 80, or 443 under TLS. */
  readonly port?: number;
  readonly tls?: ConnectionOptions;
  readonly http2?: boolean;
}

export interface Answered {
  readonly status: number;
  /** Names in lower case; values of one name joined with ",". */
  readonly headers: Readonly<Record<string, string>>;
  readonly arrived?: Arrived;
}

/** What comes of a request; what is not named is not looked at, but a backend's answer without `sees` tells the path and method that were asked for. */
export interface Outcome {
  /** Default: 200. Several: any of them. */
  readonly status?: number | readonly number[];
  /** "web/name" or "app/name" for one in the namespaces of the suite's backends. */
  readonly backend?: string;
  readonly sees?: Seen;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Headers that the answer has not. */
  readonly without?: readonly string[];
  readonly redirect?: Redirect;
}

interface Seen {
  readonly path?: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly without?: readonly string[];
  readonly serverName?: string;
  readonly port?: number;
}

/** Parts of the Location where they differ from the request's. Default of the port: the scheme's, where that is stated. */
export interface Redirect {
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: string;
  readonly path?: string;
}

/** A request, or its path; and the status, or the backend that answers, or all of it. */
export type Exchange = readonly [asked: Asked | string, outcome: Outcome | number | string];

/** At the first attempt, as soon as every accepted route says that it is programmed. */
export async function expectAnswers(
  world: OfficialWorld,
  gateway: string,
  exchanges: readonly Exchange[],
  common: Asked = {},
): Promise<void> {
  await world.programmed();
  for (const [request, result] of exchanges) {
    const asked = { ...common, ...(typeof request === "string" ? { path: request } : request) };
    const outcome =
      typeof result === "number" ? { status: result } : typeof result === "string" ? { backend: result } : result;
    const answered = await ask(world.addressOf(gateway), asked);
    const difference = differenceOf(asked, outcome, answered, world.addressOf(gateway));
    if (difference !== undefined)
      throw new Error(`${JSON.stringify(request)}: ${difference}; got ${JSON.stringify(answered)}`);
  }
}

/** Rejects when the connection breaks. */
export async function ask(address: string, asked: Asked): Promise<Answered> {
  return asked.http2 ? await askHttp2(address, asked) : await askHttp1(address, asked);
}

function askHttp1(address: string, asked: Asked): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const options = {
    host: address,
    port: portOf(asked),
    method: asked.method ?? "GET",
    path: asked.path ?? "/",
    agent: false,
    timeout: 10_000,
    headers: { ...asked.headers, host: hostOf(address, asked) },
    ...(asked.tls && tlsOf(asked)),
  };
  const outgoing = (asked.tls ? httpsRequest : httpRequest)(options, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => (body += text));
    response.on("end", () => resolve(answeredOf(response.statusCode ?? 0, response.headers, body)));
    response.on("error", reject);
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in 10 s")));
  outgoing.on("error", reject);
  outgoing.end();
  return promise;
}

function askHttp2(address: string, asked: Asked): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const scheme = asked.tls ? "https" : "http";
  const session = connectHttp2(`${scheme}://${address}:${portOf(asked)}`, asked.tls && tlsOf(asked));
  session.on("error", reject);
  const stream = session.request({
    ...asked.headers,
    ":method": asked.method ?? "GET",
    ":path": asked.path ?? "/",
    ":authority": hostOf(address, asked),
    ":scheme": scheme,
  });
  let head: IncomingHttpHeaders = {};
  let body = "";
  stream.setTimeout(10_000, () => stream.destroy(new Error("no answer in 10 s")));
  stream.on("response", (headers) => (head = headers));
  stream.setEncoding("utf8").on("data", (text: string) => (body += text));
  stream.on("error", reject);
  stream.on("close", () => resolve(answeredOf(Number(Reflect.get(head, ":status") ?? 0), head, body)));
  return promise.finally(() => session.destroy());
}

function tlsOf({ tls, http2 }: Asked): ConnectionOptions {
  return { rejectUnauthorized: tls?.ca !== undefined, ...tls, ...(http2 && { ALPNProtocols: ["h2"] }) };
}

function portOf({ port, tls }: Asked): number {
  return portHere(port ?? (tls ? 443 : 80));
}

function hostOf(address: string, asked: Asked): string {
  return asked.host ?? ([80, 443].includes(portOf(asked)) ? address : `${address}:${portOf(asked)}`);
}

function answeredOf(status: number, received: IncomingHttpHeaders, body: string): Answered {
  const headers = Object.entries(received).flatMap(([name, value]) =>
    name.startsWith(":") || value === undefined
      ? []
      : [[name, [value].flat().join(",").replaceAll(", ", ",")] as const],
  );
  const arrived = body.startsWith("{") ? { arrived: JSON.parse(body) as Arrived } : {};
  return { status, headers: Object.fromEntries(headers), ...arrived };
}

/** Why the answer is not the one expected; undefined where it is. */
function differenceOf(asked: Asked, outcome: Outcome, answered: Answered, address: string): string | undefined {
  const allowed = [outcome.status ?? 200].flat();
  if (!allowed.includes(answered.status)) return `expected ${allowed.join(" or ")}`;
  const header = headerDifference(outcome, answered);
  if (header !== undefined) return header;
  if (outcome.redirect) return redirectDifference(asked, outcome.redirect, answered, address);
  if (outcome.backend === undefined && outcome.sees === undefined) return undefined;
  const { arrived } = answered;
  if (arrived === undefined) return `expected an answer of ${outcome.backend}`;
  const pod = podName(arrived);
  if (outcome.backend !== undefined && !pod.startsWith(outcome.backend)) return `expected ${outcome.backend}`;
  return seenDifference(asked, outcome.sees ?? {}, arrived);
}

function podName({ namespace, pod }: Arrived): string {
  const short = /^gateway-conformance-(\w+)-backend$/.exec(namespace)?.[1];
  return short === undefined ? pod : `${short}/${pod}`;
}

function headerDifference({ headers = {}, without = [] }: Outcome, answered: Answered): string | undefined {
  for (const [name, values] of Object.entries(headers)) {
    const expected = [values].flat().map((value) => value.replaceAll(", ", ","));
    if (!expected.includes(answered.headers[name.toLowerCase()] ?? ""))
      return `expected ${name}: ${expected.join(" or ")}`;
  }
  const present = without.find((name) => name.toLowerCase() in answered.headers);
  return present === undefined ? undefined : `expected no ${present}`;
}

function seenDifference(asked: Asked, sees: Seen, arrived: Arrived): string | undefined {
  const { path = asked.path ?? "/", method = asked.method ?? "GET", host, headers = {}, without = [] } = sees;
  if (arrived.path !== path) return `expected the path ${path}`;
  if (arrived.method !== method) return `expected the method ${method}`;
  if (host !== undefined && arrived.host !== host) return `expected the host ${host}`;
  if (sees.port !== undefined && arrived.port !== sees.port) return `expected the port ${sees.port}`;
  if (sees.serverName !== undefined && arrived.tls?.serverName !== sees.serverName)
    return `expected the server name ${sees.serverName}`;
  for (const [name, value] of Object.entries(headers))
    if (arrived.headers[name.toLowerCase()]?.replaceAll(", ", ",") !== value)
      return `expected the backend to see ${name}: ${value}`;
  const present = without.find((name) => name.toLowerCase() in arrived.headers);
  return present === undefined ? undefined : `expected the backend to see no ${present}`;
}

function redirectDifference(asked: Asked, redirect: Redirect, answered: Answered, address: string): string | undefined {
  const own = `${asked.tls ? "https" : "http"}://${hostOf(address, asked)}${asked.path ?? "/"}`;
  const from = new URL(own);
  const to = new URL(answered.headers["location"] ?? "", own);
  const expected = {
    scheme: redirect.scheme ?? from.protocol.slice(0, -1),
    host: redirect.host ?? from.hostname,
    port: portOfUrl(
      redirect.port ?? (redirect.scheme === undefined ? String(portOf(asked)) : ""),
      redirect.scheme ?? from.protocol,
    ),
    path: redirect.path ?? from.pathname,
  };
  const found = {
    scheme: to.protocol.slice(0, -1),
    host: to.hostname,
    port: portOfUrl(to.port, to.protocol),
    path: to.pathname,
  };
  return JSON.stringify(found) === JSON.stringify(expected)
    ? undefined
    : `expected a redirect to ${JSON.stringify(expected)}`;
}

/** A port need not be written where it is the scheme's own. */
function portOfUrl(port: string, scheme: string): string {
  return port === "" ? (scheme.startsWith("https") ? "443" : "80") : port;
}

/** The share of each backend in so many answers, asked a few at a time. */
export async function backendCounts(
  address: string,
  asked: Asked,
  count: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let sent = 0; sent < count; sent += 10) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(address, { ...asked, path: `${asked.path ?? "/"}?uuid=${randomUUID()}` })),
    );
    for (const { arrived, status } of answers) {
      const name = arrived === undefined ? String(status) : podName(arrived);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}
