/** How soon a new route serves, while there are more and more of them. */
import type { Outcome, Section, Tell } from "../section.ts";
import { quantile, shown } from "../statistics.ts";
import { Answers } from "./answers.ts";
import { BenchGateway, HOSTS, type Hosts, madeFor, ROUTES, routeFor } from "./bench-gateway.ts";
import { type PodProcess, usageOf } from "./pod-usage.ts";

const ROUTES_TO_CREATE = 3_000;
/** Figures are of the first and of the last so many. */
const SHARE = 300;
const TELL_EVERY = 500;
/** A new route is asked so often more, and all of it must be right. */
const ASKED_AGAIN = 3;
const GOAL_MS = { p50: 12, p95: 18 } as const;

/** In milliseconds, from sending the create on. */
interface Propagated {
  /** Until the API server has answered. */
  readonly created: number;
  /** Until the first right answer of the Gateway. */
  readonly served: number;
  readonly wrong: number;
}

/** Processor time of all of them since they began, in milliseconds. */
interface Work {
  readonly controllers: number;
  readonly proxies: number;
}

interface Propagation {
  readonly hosts: Hosts;
  readonly all: readonly Propagated[];
  /** Before each share of the routes, and after the last. */
  readonly work: readonly Work[];
}

export const propagation: Section = {
  name: "propagation",
  title: "From creating a route to its first answer",
  measure: async (tell) => {
    const measured: Propagation[] = [];
    for (const hosts of HOSTS) measured.push(await propagateAll(hosts, tell));
    return outcomeOf(measured);
  },
};

async function propagateAll(hosts: Hosts, tell: Tell): Promise<Propagation> {
  await using gateway = await BenchGateway.start(`propagation-${hosts.toLowerCase()}`, hosts);
  using answers = new Answers(gateway.address);
  const all: Propagated[] = [];
  const { controllers, proxies } = await gateway.processes();
  const work: Work[] = [];
  for (let index = 0; index < ROUTES_TO_CREATE; index += 1) {
    if (index % TELL_EVERY === 0) tell(`${index} of ${ROUTES_TO_CREATE} routes, ${madeFor(hosts)}`);
    if (index % SHARE === 0) work.push(workOf(controllers, proxies));
    all.push(await propagate(gateway, answers, index));
  }
  work.push(workOf(controllers, proxies));
  return { hosts, all, work };
}

function workOf(controllers: readonly PodProcess[], proxies: readonly PodProcess[]): Work {
  const msOf = (processes: readonly PodProcess[]): number =>
    processes.reduce((sum, one) => sum + usageOf(one).processorSeconds * 1_000, 0);
  return { controllers: msOf(controllers), proxies: msOf(proxies) };
}

async function propagate(gateway: BenchGateway, answers: Answers, index: number): Promise<Propagated> {
  const host = `p${index}.bench.test`;
  // Asked before, it answers as what nobody knows.
  let wrong = (await answers.ask(host)).status === 404 ? 0 : 1;
  const began = performance.now();
  const creating = gateway.create(ROUTES, routeFor(`p${index}`, host)).then(() => performance.now());
  const served = await answers.until(
    host,
    ({ status }) => status === 200,
    ({ status }) => status === 404,
  );
  wrong += served.wrong;
  for (let again = 0; again < ASKED_AGAIN; again += 1) if ((await answers.ask(host)).status !== 200) wrong += 1;
  return { created: (await creating) - began, served: served.at - began, wrong };
}

const quantileOf = (part: readonly Propagated[], what: "created" | "served", share: number): number =>
  quantile(
    part.map((one) => one[what]),
    share,
  );

const partsOf = (all: readonly Propagated[]): readonly (readonly [string, readonly Propagated[]])[] => [
  [`first ${SHARE}`, all.slice(0, SHARE)],
  [`last ${SHARE} of ${all.length}`, all.slice(-SHARE)],
  [`all ${all.length}`, all],
];

function rowsOf({ hosts, all }: Propagation): string[][] {
  return partsOf(all).map(([name, part]) => {
    const served = [0.5, 0.95, 1].map((share) => quantileOf(part, "served", share));
    const created = [0.5, 0.95].map((share) => quantileOf(part, "created", share));
    return [
      `${name}, ${madeFor(hosts)}`,
      ...[...served, ...created].map((ms) => shown(ms)),
      ((served[0] ?? Number.NaN) / (created[0] ?? Number.NaN)).toFixed(2),
      String(part.reduce((sum, one) => sum + one.wrong, 0)),
    ];
  });
}

function workRowsOf({ hosts, all, work }: Propagation): string[][] {
  return [
    [`first ${SHARE}`, work.slice(0, 2)] as const,
    [`last ${SHARE} of ${all.length}`, work.slice(-2)] as const,
  ].map(([name, [before, after]]) => [
    `${name}, ${madeFor(hosts)}`,
    ...(["controllers", "proxies"] as const).map((whose) =>
      (((after?.[whose] ?? Number.NaN) - (before?.[whose] ?? Number.NaN)) / SHARE).toFixed(1),
    ),
  ]);
}

function outcomeOf(measured: readonly Propagation[]): Outcome {
  const wrong = measured.flatMap(({ all }) => all).reduce((sum, one) => sum + one.wrong, 0);
  return {
    method:
      "Routes with a host of their own are created one after the other, while one client asks the Gateway for that host every millisecond: 404 until the first " +
      "200, and 200 from then on; anything else is wrong. “API server” is until it has answered the create, which is the part that is nobody's to save. " +
      "Envoy makes all hosts of a route configuration anew for each that is added: its processor time is what grows with their number. With `hosts: Many` of " +
      "GatewayParameters there are sixteen route configurations.",
    tables: [
      {
        title: "Milliseconds from sending the create to the first 200",
        columns: [
          "routes, and the Gateway",
          "p50",
          "p95",
          "most",
          "API server p50",
          "and p95",
          "p50 as its multiple",
          "wrong answers",
        ],
        rows: measured.flatMap(rowsOf),
      },
      {
        title: "Processor time for each route, in milliseconds",
        columns: ["routes, and the Gateway", "both controllers", "Envoy"],
        rows: measured.flatMap(workRowsOf),
      },
    ],
    plots: [],
    goals: [
      ...measured.map(({ hosts, all }) => {
        const first = all.slice(0, SHARE);
        const [p50, p95] = [quantileOf(first, "served", 0.5), quantileOf(first, "served", 0.95)];
        return {
          text: `with up to ${SHARE} routes a new one serves after ${GOAL_MS.p50} ms (p50) and ${GOAL_MS.p95} ms (p95) with a Gateway ${madeFor(hosts)}`,
          measured: `${shown(p50)} and ${shown(p95)} ms`,
          verdict: p50 <= GOAL_MS.p50 && p95 <= GOAL_MS.p95 ? ("met" as const) : ("missed" as const),
        };
      }),
      { text: "no answer is wrong", measured: String(wrong), verdict: wrong === 0 ? "met" : "missed" },
    ],
  };
}
