/**
 * The admin API: what Trilith is doing, over HTTP, for people, scripts and probes. It only reads. It listens on loopback, since
 * it shows the whole configuration and asks nobody who they are; to the outside, `health` answers for probes and Prometheus alone.
 *
 *   /healthz  200 while the process works          /readyz  200 when the first complete state is acknowledged
 *   /metrics  Prometheus                           /status  objects with their statuses, findings, files
 *   /graph    collections, sizes, recomputations   /envoy   Envoy resources, with what each was made of
 *   /proxies  the Envoys that are connected here, and the pods of the mesh whose Envoys should be somewhere
 *   /metrics/proxy   Prometheus: what the Envoy of Gateways counts on this machine, or, with ?workload=NAMESPACE/NAME, a sidecar; in a
 *                    cluster, each has a port of its own for that
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What may be shown to whoever can reach the port. */
export interface HealthSources {
  /** What readiness waits for; undefined when ready. */
  readonly notReady: () => string | undefined;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What the endpoints show, asked anew at each request. */
export interface AdminSources extends HealthSources {
  readonly status: () => unknown;
  readonly graph: () => unknown;
  /** Envoy resources of a kind, or of all. An unknown kind is undefined. */
  readonly envoy: (kind: string | undefined) => unknown;
  /** The proxies that are connected here, and who else is to be. */
  readonly proxies: () => unknown;
  /** Of Gateways, or of the sidecar of a workload; undefined where that has none. Absent: the proxies are elsewhere. */
  readonly proxyMetrics?: (workload: string | undefined) => Promise<string | undefined>;
}

export interface AdminServer extends AsyncDisposable {
  readonly port: number;
}

export interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

/** Rejects where the address cannot be listened on. */
export function startAdminServer(at: AdminAddress, sources: AdminSources): Promise<AdminServer> {
  return startServer(at, (path, query, response) => answerAdmin(path, query, response, sources));
}

/** The same for `/healthz`, `/readyz` and `/metrics` alone. */
export function startHealthServer(at: AdminAddress, sources: HealthSources): Promise<AdminServer> {
  return startServer(at, async (path, _, response) => {
    if (!(await answerHealth(path, response, sources)))
      text(response, 404, "not found; there are /healthz, /readyz and /metrics\n");
  });
}

type Answer = (path: string, query: URLSearchParams, response: ServerResponse) => Promise<void>;

async function startServer(listen: AdminAddress, answer: Answer): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answerReads(request, response, answer).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => close(server) };
}

async function answerReads(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return text(response, 405, "the admin API only reads; use GET\n");
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://admin");
  await answer(pathname, searchParams, response);
}

/** False for a path that is somebody else's. */
async function answerHealth(path: string, response: ServerResponse, sources: HealthSources): Promise<boolean> {
  switch (path) {
    case "/healthz":
      text(response, 200, "ok\n");
      return true;
    case "/readyz": {
      const missing = sources.notReady();
      if (missing === undefined) text(response, 200, "ok\n");
      else text(response, 503, `not ready: ${missing}\n`);
      return true;
    }
    case "/metrics": {
      const { contentType, text: body } = await sources.metrics();
      send(response, 200, contentType, body);
      return true;
    }
    default:
      return false;
  }
}

async function answerAdmin(
  path: string,
  query: URLSearchParams,
  response: ServerResponse,
  sources: AdminSources,
): Promise<void> {
  if (await answerHealth(path, response, sources)) return;
  switch (path) {
    case "/status":
      return json(response, sources.status());
    case "/graph":
      return json(response, sources.graph());
    case "/proxies":
      return json(response, sources.proxies());
    case "/envoy": {
      const resources = sources.envoy(query.get("kind") ?? undefined);
      return resources === undefined
        ? text(response, 404, "no such kind of Envoy resource\n")
        : json(response, resources);
    }
    case "/metrics/proxy": {
      if (sources.proxyMetrics === undefined)
        return text(response, 404, "the proxies are elsewhere; each has /stats/prometheus on its metrics port\n");
      const page = await sources.proxyMetrics(query.get("workload") ?? undefined);
      return page === undefined
        ? text(response, 404, "no sidecar runs beside such a workload\n")
        : send(response, 200, "text/plain; version=0.0.4; charset=utf-8", page);
    }
    default:
      return text(
        response,
        404,
        "not found; there are /healthz, /readyz, /metrics, /status, /graph, /proxies and /envoy\n",
      );
  }
}

const json = (response: ServerResponse, value: unknown): void =>
  send(response, 200, "application/json", `${JSON.stringify(value, undefined, 2)}\n`);

const text = (response: ServerResponse, status: number, body: string): void =>
  send(response, status, "text/plain; charset=utf-8", body);

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" });
  response.end(body);
}

function fail(response: ServerResponse, error: unknown): void {
  if (!response.headersSent) text(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
  else response.destroy();
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
