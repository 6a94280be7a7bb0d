/** `trilith top`: who calls whom right now, how often, how well and how fast, by what the proxies themselves count. */
import { setTimeout as delay } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ShownProxy } from "../app/index.ts";
import { askAdmin, askAdminText, DEFAULT_ADMIN } from "./admin-client.ts";
import { addClusterOptions, type ClusterOptions, meansCluster, withCluster } from "./cluster-options.ts";
import { callTable } from "./traffic/call-table.ts";
import { callsOf } from "./traffic/calls.ts";
import { changesBetween, type ProxySeries } from "./traffic/changes.ts";
import { readPage } from "./traffic/prometheus-page.ts";
import type { ProxyPages } from "./traffic/proxy-pages.ts";
import { type CallRate, ratesOf } from "./traffic/rates.ts";

interface TopOptions extends ClusterOptions {
  readonly admin: string;
  readonly interval: number;
  readonly once?: boolean;
  readonly output: "table" | "json";
}

export function topCommand(): Command {
  const command = new Command("top")
    .description("show who calls whom right now: rate, failures, latency, bytes")
    .option("--admin <address>", "admin API of the running Trilith", DEFAULT_ADMIN);
  return addClusterOptions(command, "only the proxies in this namespace")
    .option("--interval <seconds>", "how long to count before each picture", secondsOf, 2)
    .option("--once", "one picture, and end; so it is without a terminal")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText("after", HELP)
    .action(run);
}

const HELP = `
In a cluster, the proxies of Gateways and beside workloads of the mesh are read through the API server, each at its port for
Prometheus. You need to list pods and to forward ports to them in the namespaces that you look at, as the built-in role "edit" has
it; the ClusterRole trilith-traffic has this alone. Without an option that names a cluster, the Envoy of Gateways of a Trilith on this
machine is read, and those beside its Workloads.

FAILED is the share of requests that were answered 5xx, or with a status of gRPC that the other end is to blame for; of connections,
the share that did not reach their target or were broken off. A call is told by its caller's proxy; where that was not read, by the
other end, which knows the caller's ServiceAccount, or nothing of a caller outside the mesh.

Examples:
  trilith top --cluster
  trilith top --context production -n shop --interval 10
  trilith top --cluster --once -o json
  trilith top                                  # a Trilith on this machine
`;

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new InvalidArgumentError("write seconds, from 0.1 to 3600.");
  return seconds;
}

/** What was counted until a moment. */
interface Reading {
  readonly series: ProxySeries;
  readonly atMs: number;
  readonly proxies: Omit<ProxyPages, "pages">;
}

async function run(options: TopOptions): Promise<void> {
  if (!meansCluster(options)) return show(options, await localReader(options));
  const { proxyPorts, readProxies } = await import("./traffic/proxy-pages.ts");
  // Pods come and go while it runs.
  await withCluster(options, (client) =>
    show(options, async () => readProxies(client, await proxyPorts(client, options.namespace))),
  );
}

async function localReader({ admin }: TopOptions): Promise<() => Promise<ProxyPages>> {
  const { readAll } = await import("./traffic/proxy-pages.ts");
  const askGateways = [admin, () => askAdminText(admin, "/metrics/proxy")] as const;
  return async () => {
    const { connected } = (await askAdmin(admin, "/proxies")) as { readonly connected: readonly ShownProxy[] };
    // They come and go with the files.
    const sidecars = connected.filter(({ role }) => role === "sidecar").map(workloadOf);
    const ask = (workload: string) => () =>
      askAdminText(admin, `/metrics/proxy?workload=${encodeURIComponent(workload)}`);
    return await readAll([askGateways, ...sidecars.map((workload) => [workload, ask(workload)] as const)]);
  };
}

/** `shop/web` of `mesh/shop/accounts-name/web`. */
const workloadOf = ({ proxy }: ShownProxy): string => {
  const [, namespace = "", , name = ""] = proxy.split("/");
  return `${namespace}/${name}`;
};

async function show(options: TopOptions, read: () => Promise<ProxyPages>): Promise<void> {
  const isOnce = options.once === true || !process.stdout.isTTY;
  using asked = interruption();
  let before = await take(read);
  for (;;) {
    await delay(options.interval * 1_000, undefined, { signal: asked.signal }).catch(() => undefined);
    if (asked.signal.aborted) return;
    const after = await take(read);
    const changes = changesBetween(before.series, after.series);
    const rates = ratesOf(callsOf(changes), (after.atMs - before.atMs) / 1_000);
    process.stdout.write(options.output === "json" ? jsonOf(rates, isOnce) : pictureOf(rates, after, isOnce));
    if (isOnce) return;
    before = after;
  }
}

async function take(read: () => Promise<ProxyPages>): Promise<Reading> {
  const { pages, ...proxies } = await read();
  const series = new Map([...pages].map(([proxy, page]) => [proxy, readPage(page)]));
  return { series, atMs: performance.now(), proxies };
}

/** Of several pictures, each is a line. */
const jsonOf = (rates: readonly CallRate[], isOnce: boolean): string =>
  `${JSON.stringify(rates, undefined, isOnce ? 2 : undefined)}\n`;

/** Home, and everything from there on away: what is overwritten does not flicker. */
const CLEAR = "\u001B[H\u001B[J";
/** For the header, what is more, the summary, and the cursor. */
const OTHER_ROWS = 5;

function pictureOf(rates: readonly CallRate[], { proxies }: Reading, isOnce: boolean): string {
  const { asked, problem } = proxies;
  const summary = problem === undefined ? "" : `not all of ${asked} proxies could be read: ${problem}\n`;
  if (isOnce) return callTable(rates) + summary;
  const rows = Math.max((process.stdout.rows ?? 24) - OTHER_ROWS, 1);
  return `${CLEAR}${asked === 1 ? "1 proxy" : `${asked} proxies`}; Ctrl-C ends\n\n${callTable(rates, rows)}${summary}`;
}

/** Somebody wants it to end, which is no error. */
function interruption(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once("SIGINT", abort);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off("SIGINT", abort) };
}
