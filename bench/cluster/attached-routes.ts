/** How soon a Gateway counts routes that are made as fast as the API server takes them, and how often it is written for that. */
import { setTimeout as delay } from "node:timers/promises";
import type { Outcome, Section, Tell } from "../section.ts";
import { shown } from "../statistics.ts";
import { BenchGateway, CLIENTS, HOSTS, type Hosts, madeFor, ROUTES, routeFor } from "./bench-gateway.ts";
import { StatusLog } from "./status-log.ts";

/** Several clients at once leave nothing of the machine to whoever writes statuses; one is somebody who applies a file. */
const SERIES: readonly Series[] = [
  { count: 500, clients: CLIENTS },
  { count: 1_000, clients: CLIENTS },
  { count: 1_000, clients: 1 },
];
/** Nothing more is written after so long. */
const QUIET_MS = 3_000;
const WITHIN_MS = 100;
const MOST_WRITES = 3;

interface Series {
  readonly count: number;
  /** So many make them at once. */
  readonly clients: number;
}

/** Times in milliseconds. */
interface Attached extends Series {
  readonly hosts: Hosts;
  readonly creating: number;
  /** From the answer to the last create on. */
  readonly counted: number;
  readonly accepted: number;
  readonly programmed: number;
  readonly gatewayWrites: number;
  readonly routeWrites: number;
  /** From the answer to the delete of all on. */
  readonly forgotten: number;
  readonly gatewayWritesAfter: number;
}

export const attachedRoutes: Section = {
  name: "attached",
  title: "Attached routes",
  measure: async (tell) => {
    const measured: Attached[] = [];
    for (const hosts of HOSTS) for (const series of SERIES) measured.push(await attach(series, hosts, tell));
    return outcomeOf(measured);
  },
};

async function attach({ count, clients }: Series, hosts: Hosts, tell: Tell): Promise<Attached> {
  tell(`${count} routes by ${clientsIn(clients)}: a Gateway ${madeFor(hosts)}`);
  await using gateway = await BenchGateway.start(`attached-${hosts.toLowerCase()}-${count}-${clients}`, hosts);
  using log = await StatusLog.open(gateway);
  await log.attached(0);
  const before = log.gatewayVersions;
  tell(`${count} routes: creating`);
  const began = performance.now();
  const createdAt = await gateway.createAll(
    ROUTES,
    Array.from({ length: count }, (_, index) => routeFor(`r${index}`, `r${index}.bench.test`)),
    clients,
  );
  const [counted, accepted, programmed] = await Promise.all([
    log.attached(count),
    log.accepted(count),
    log.programmed(count),
  ]);
  await quiet(log);
  const { gatewayVersions, routeWrites } = log;
  tell(`${count} routes: deleting`);
  await gateway.deleteAll(ROUTES);
  const deletedAt = performance.now();
  const forgotten = await log.attached(0);
  await quiet(log);
  return {
    hosts,
    count,
    clients,
    creating: createdAt - began,
    counted: Math.max(counted - createdAt, 0),
    accepted: Math.max(accepted - createdAt, 0),
    programmed: Math.max(programmed - createdAt, 0),
    gatewayWrites: gatewayVersions - before,
    routeWrites,
    forgotten: Math.max(forgotten - deletedAt, 0),
    gatewayWritesAfter: log.gatewayVersions - gatewayVersions,
  };
}

const clientsIn = (count: number): string => (count === 1 ? "one client" : `${count} clients`);

async function quiet(log: StatusLog): Promise<void> {
  while (performance.now() - log.lastChangeAt < QUIET_MS) await delay(QUIET_MS / 10);
}

function outcomeOf(measured: readonly Attached[]): Outcome {
  const most = Math.max(...SERIES.map(({ count }) => count));
  return {
    method:
      "Clients create HTTPRoutes of one Gateway as fast as the API server takes them, each one after the other. Somebody who watches notes when the last is Accepted, when " +
      "Envoy has acknowledged the last (`trilith.dev/Programmed`), when the Gateway counts all of them, and what was written. Then all are deleted by one call.",
    tables: [
      {
        title: "Milliseconds after the answer to the last create, and writes",
        columns: [
          "routes, and the Gateway",
          "creating",
          "counted",
          "Accepted",
          "Programmed",
          "writes of the Gateway",
          "writes of a route",
          "after deletion: count 0",
          "writes of the Gateway",
        ],
        rows: measured.map((one) => [
          `${one.count} by ${clientsIn(one.clients)}, ${madeFor(one.hosts)}`,
          ...[one.creating, one.counted, one.accepted, one.programmed].map((ms) => shown(ms)),
          String(one.gatewayWrites),
          (one.routeWrites / one.count).toFixed(2),
          shown(one.forgotten),
          String(one.gatewayWritesAfter),
        ]),
      },
    ],
    plots: [],
    goals: measured.map(({ hosts, count, clients, counted, accepted, gatewayWrites }) =>
      count === most
        ? {
            text: `${count} routes by ${clientsIn(clients)} are counted and Accepted within ${WITHIN_MS} ms of the last create with a Gateway ${madeFor(hosts)}`,
            measured: `${shown(counted)} and ${shown(accepted)} ms`,
            verdict: Math.max(counted, accepted) <= WITHIN_MS ? "met" : "missed",
          }
        : {
            text: `a Gateway ${madeFor(hosts)} is written at most ${MOST_WRITES} times for ${count} routes`,
            measured: String(gatewayWrites),
            verdict: gatewayWrites <= MOST_WRITES ? "met" : "missed",
          },
    ),
  };
}
