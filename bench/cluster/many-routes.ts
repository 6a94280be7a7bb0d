/** What the controller and a proxy use with many routes: while nothing happens, and while routes are edited all the time. */
import { setTimeout as delay } from "node:timers/promises";
import type { Outcome, Section, Tell } from "../section.ts";
import { shown } from "../statistics.ts";
import { BenchGateway, HOSTS, type Hosts, madeFor, ROUTES, routeFor, rulesWith } from "./bench-gateway.ts";
import { peakMiB, type PodProcess, residentMiB, type Usage, usageOf } from "./pod-usage.ts";
import { StatusLog } from "./status-log.ts";

const COUNT = 5_000;
const SETTLE_MS = 20_000;
const WINDOW_MS = 30_000;
const EDITS_A_SECOND = 10;
const GOAL = { MiB: 256, cores: 0.05 } as const;

interface Used {
  readonly process: PodProcess;
  readonly quiet: Rates;
  readonly churn: Rates;
  readonly residentMiB: number;
  readonly peakMiB: number;
}

interface Rates {
  readonly cores: number;
  /** A second. */
  readonly sentKiB: number;
  readonly receivedKiB: number;
}

interface Measured {
  readonly hosts: Hosts;
  readonly controllers: readonly Used[];
  readonly proxies: readonly Used[];
}

export const manyRoutes: Section = {
  name: "many",
  title: "Many routes, and churn among them",
  measure: async (tell) => {
    const measured: Measured[] = [];
    for (const hosts of HOSTS) measured.push(await use(hosts, tell));
    return outcomeOf(measured);
  },
};

async function use(hosts: Hosts, tell: Tell): Promise<Measured> {
  await using gateway = await BenchGateway.start(`many-${hosts.toLowerCase()}`, hosts);
  using log = await StatusLog.open(gateway);
  tell(`${COUNT} routes, ${madeFor(hosts)}`);
  await gateway.createAll(
    ROUTES,
    Array.from({ length: COUNT }, (_, index) => routeFor(`m${index}`, `m${index}.bench.test`)),
  );
  await log.programmed(COUNT);
  const { controllers, proxies } = await gateway.processes();
  const processes = [...controllers, ...proxies];
  tell(`nothing happens for ${(SETTLE_MS + WINDOW_MS) / 1_000} s`);
  await delay(SETTLE_MS);
  const quietBefore = processes.map(usageOf);
  await delay(WINDOW_MS);
  const quietAfter = processes.map(usageOf);
  const resident = processes.map(residentMiB);
  tell(`${EDITS_A_SECOND} edits a second for ${WINDOW_MS / 1_000} s`);
  const churnBefore = processes.map(usageOf);
  await editForAWhile(gateway);
  const churnAfter = processes.map(usageOf);
  const used = processes.map((process, index): Used => ({
    process,
    quiet: ratesOf(quietBefore[index], quietAfter[index]),
    churn: ratesOf(churnBefore[index], churnAfter[index]),
    residentMiB: resident[index] ?? Number.NaN,
    peakMiB: peakMiB(process),
  }));
  return { hosts, controllers: used.slice(0, controllers.length), proxies: used.slice(controllers.length) };
}

async function editForAWhile(gateway: BenchGateway): Promise<void> {
  const began = performance.now();
  for (let edit = 1; performance.now() - began < WINDOW_MS; edit += 1) {
    await gateway.patch(ROUTES, `m${(edit * 37) % COUNT}`, { spec: { rules: [rulesWith(String(edit))] } });
    const nextAt = began + (edit * 1_000) / EDITS_A_SECOND;
    await delay(Math.max(nextAt - performance.now(), 0));
  }
}

function ratesOf(before: Usage | undefined, after: Usage | undefined): Rates {
  if (before === undefined || after === undefined) throw new Error("a process was not measured");
  const seconds = (after.at - before.at) / 1_000;
  return {
    cores: (after.processorSeconds - before.processorSeconds) / seconds,
    sentKiB: (after.sentBytes - before.sentBytes) / 1_024 / seconds,
    receivedKiB: (after.receivedBytes - before.receivedBytes) / 1_024 / seconds,
  };
}

function outcomeOf(measured: readonly Measured[]): Outcome {
  const rows = measured.flatMap(({ hosts, controllers, proxies }) => [
    ...controllers.map((used, index) => [`controller ${index + 1}, ${madeFor(hosts)}`, used] as const),
    ...proxies.map((used) => [`Envoy, ${madeFor(hosts)}`, used] as const),
  ]);
  // The second time, the same controllers have had as many routes before.
  const controllers = measured[0]?.controllers ?? [];
  const memory = Math.max(...controllers.map((used) => used.residentMiB));
  const cores = Math.max(...controllers.map(({ quiet }) => quiet.cores));
  return {
    method:
      `One Gateway with ${COUNT} HTTPRoutes. Quiet: ${WINDOW_MS / 1_000} s in which nothing happens. Churn: ${EDITS_A_SECOND} routes a second are edited for ${WINDOW_MS / 1_000} s. ` +
      "Memory is what Linux calls resident; network is what goes through the pod's interface, statuses and other replicas included. Then all of it again with another Gateway, and the same controllers.",
    tables: [
      {
        title: "Cores, MiB, and KiB a second",
        columns: [
          "process, and the Gateway",
          "resident",
          "peak",
          "quiet: cores",
          "sent",
          "received",
          "churn: cores",
          "sent",
          "received",
        ],
        rows: rows.map(([name, { quiet, churn, ...used }]) => [
          name,
          shown(used.residentMiB),
          shown(used.peakMiB),
          ...[quiet, churn].flatMap((rates) => [
            rates.cores.toFixed(3),
            rates.sentKiB.toFixed(1),
            rates.receivedKiB.toFixed(1),
          ]),
        ]),
      },
    ],
    plots: [],
    goals: [
      {
        text: `a controller with ${COUNT} routes has at most ${GOAL.MiB} MiB and ${GOAL.cores} cores while nothing happens`,
        measured: `${shown(memory)} MiB and ${cores.toFixed(3)} cores`,
        verdict: memory <= GOAL.MiB && cores <= GOAL.cores ? "met" : "missed",
      },
    ],
  };
}
