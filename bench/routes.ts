/**
 * Whether routes cost the proxy anything: one host with ever more rules, as Trilith writes it and as a list, beside a
 * hand-written Envoy with one route. All run at once and are loaded in turn, several rounds; ratios are of one round.
 */
import { VirtualHostSchema } from "../src/generated/envoy/config/route/v3/route_components_pb.ts";
import { toBinary } from "@bufbuild/protobuf";
import { defaultSettings } from "../src/envoy/index.ts";
import { findEnvoy } from "../src/proxy/index.ts";
import { freePorts } from "../test/support/free-ports.ts";
import { plainRequest } from "../test/support/plain-request.ts";
import { staticBootstrap } from "../test/support/static-bootstrap.ts";
import { FixedEnvoy } from "./fixed-envoy.ts";
import { flatHostOf } from "./flat-host.ts";
import { findLoadGenerator, type LoadRequest, measureLoad, type Measured } from "./load-generator.ts";
import { oneRouteBootstrap } from "./one-route.ts";
import {
  byHeader,
  byPrefix,
  casesOf,
  edgeGateway,
  HOST,
  mixed,
  routesOf,
  type Shape,
  targetOf,
} from "./rule-shapes.ts";
import type { Goal, Outcome, Plot, Section, Table, Tell } from "./section.ts";
import { median, shown } from "./statistics.ts";
import { hostOf, translated } from "./translated.ts";

const COUNTS = [10, 100, 1_000, 10_000] as const;
const SHAPES = [byPrefix, byHeader, mixed] as const;
const FORMS = ["tree", "list"] as const;
const ROUNDS = 7;
const SECONDS = 1;
/** So many different requests are sent in turn, spread over the rules. */
const DIFFERENT_REQUESTS = 2_000;

type Form = (typeof FORMS)[number];

interface Variant {
  readonly name: string;
  readonly count: number;
  readonly form: Form | "one";
  readonly envoy: FixedEnvoy;
  readonly requests: readonly LoadRequest[];
  readonly rounds: Measured[];
}

export const routes: Section = {
  name: "routes",
  title: "Requests per second against the number of rules",
  measure: async (tell) => {
    const measured: (readonly [Shape, readonly Variant[]])[] = [];
    for (const shape of SHAPES) measured.push([shape, await measureShape(shape, tell)]);
    return outcomeOf(measured);
  },
};

async function measureShape(shape: Shape, tell: Tell): Promise<readonly Variant[]> {
  await using started = new AsyncDisposableStack();
  const binary = await findEnvoy({ onProgress: tell });
  const variants: Variant[] = [await oneRoute(binary, started)];
  for (const count of COUNTS)
    for (const form of FORMS) variants.push(await variantOf(shape, count, form, binary, started));
  const generator = findLoadGenerator();
  for (let round = 0; round <= ROUNDS; round += 1) {
    tell(`${shape.name}: ${round === 0 ? "warming up" : `round ${round} of ${ROUNDS}`}`);
    for (const { envoy, requests, rounds } of variants) {
      const load = { port: envoy.port, host: HOST, requests, seconds: SECONDS };
      const measured = await measureLoad(generator, envoy.pid, load);
      if (round > 0) rounds.push(measured);
    }
  }
  return variants;
}

async function oneRoute(binary: string, started: AsyncDisposableStack): Promise<Variant> {
  const [port = 0] = await freePorts(1);
  const envoy = started.use(await FixedEnvoy.start(binary, port, oneRouteBootstrap(port, targetOf(0))));
  return { name: "one route by hand", count: 1, form: "one", envoy, requests: [{ path: "/items" }], rounds: [] };
}

async function variantOf(
  shape: Shape,
  count: number,
  form: Form,
  binary: string,
  started: AsyncDisposableStack,
): Promise<Variant> {
  const [port = 0] = await freePorts(1);
  const cases = casesOf(shape, count);
  const made = translated([edgeGateway(port), ...routesOf(cases)], { ...defaultSettings, accessLog: false });
  const flat = toBinary(VirtualHostSchema, flatHostOf(hostOf(made, HOST)));
  const records = [...made.records.values()];
  const isServed = (name: string): boolean => name.endsWith(`/${HOST}`);
  if (!records.some(({ name }) => isServed(name))) throw new Error(`${count} ${shape.name} are too large to travel`);
  const chosen = records.map((record) =>
    form === "list" && isServed(record.name) ? { ...record, bytes: flat } : record,
  );
  const envoy = started.use(await FixedEnvoy.start(binary, port, staticBootstrap(chosen)));
  await checkAnswers(port, shape, count);
  const step = Math.max(1, count / DIFFERENT_REQUESTS);
  const requests = Array.from({ length: Math.min(count, DIFFERENT_REQUESTS) }, (_, index) => index * step);
  return {
    name: `${form} of ${count}`,
    count,
    form,
    envoy,
    // Neighbours in the list are not neighbours in time: 7919 is prime to every count here.
    requests: requests.map(
      (_, index) => cases[requests[(index * 7919) % requests.length] ?? 0]?.request ?? { path: "/" },
    ),
    rounds: [],
  };
}

/** What is fast and wrong is worth nothing: the first rule, the last and one between must answer. */
async function checkAnswers(port: number, shape: Shape, count: number): Promise<void> {
  for (const index of [0, Math.floor(count / 2), count - 1]) {
    const { path, header } = shape.caseOf(index).request;
    const headers = header ? { [header.name]: header.value } : {};
    const { headers: answer } = await plainRequest(port, HOST, path, { headers });
    if (!answer.location?.includes(targetOf(index)))
      throw new Error(`rule ${index} of ${count} ${shape.name} answers ${answer.location}`);
  }
}

function outcomeOf(measured: readonly (readonly [Shape, readonly Variant[]])[]): Outcome {
  const { saturates } = findLoadGenerator();
  return {
    method:
      "One host with 10 to 10,000 rules, each a redirect with a target of its own, so that the proxy alone is measured; one worker, 16 " +
      "connections, requests spread evenly over the rules. “tree” is what Trilith sends, “list” the same routes in one list, " +
      "“one route by hand” an Envoy with a router, one route and nothing else. Access logs are off. All are loaded in turn, and a figure is the " +
      `median, over ${ROUNDS} rounds, of the ratio to Trilith's ten rules in the same round. p99 is at full load.`,
    tables: measured.flatMap(([shape, variants]) => tablesOf(shape, variants)),
    plots: measured.map(([shape, variants], index) => plotOf(shape, variants, index, saturates)),
    goals: measured.map(([shape, variants]) => goalOf(shape, variants)),
  };
}

/** Of the variant and Trilith's ten rules, in the same rounds. */
function ratioOf(variants: readonly Variant[], variant: Variant, figure: (measured: Measured) => number): number {
  const ten = variants.find(({ form, count }) => form === "tree" && count === 10);
  return median(
    variant.rounds.map((measured, round) => {
      const base = ten?.rounds[round];
      return base === undefined ? Number.NaN : figure(measured) / figure(base);
    }),
  );
}

const rateOf = ({ requestsPerSecond }: Measured): number => requestsPerSecond;
const p99Of = ({ p99Ms }: Measured): number => p99Ms ?? Number.NaN;
/** Requests for a second of Envoy's processor: what neighbours on the machine take away does not count. */
const capacityOf = ({ processorMicroseconds }: Measured): number => 1e6 / processorMicroseconds;

function tablesOf({ name }: Shape, variants: readonly Variant[]): readonly Table[] {
  const { saturates } = findLoadGenerator();
  const of = (figure: (measured: Measured) => number, { rounds }: Variant): string => shown(median(rounds.map(figure)));
  const ratio = (figure: (measured: Measured) => number, variant: Variant): string =>
    ratioOf(variants, variant, figure).toFixed(2);
  return [
    {
      title: `By ${name}, beside Trilith's ten rules`,
      columns: ["", "requests/s", "requests per second of processor", "p99"],
      rows: variants.map((variant) => [
        variant.name,
        saturates ? ratio(rateOf, variant) : "–",
        ratio(capacityOf, variant),
        saturates ? ratio(p99Of, variant) : "–",
      ]),
    },
    {
      title: `By ${name}, on this machine`,
      columns: ["", "requests/s", "processor µs/request", "p99 ms"],
      rows: variants.map((variant) => [
        variant.name,
        of(rateOf, variant),
        of(({ processorMicroseconds }) => processorMicroseconds, variant),
        of(p99Of, variant),
      ]),
      local: true,
    },
  ];
}

function plotOf({ name }: Shape, variants: readonly Variant[], index: number, saturates: boolean): Plot {
  const figure = saturates ? rateOf : capacityOf;
  const pointsOf = (form: Form): { x: number; y: number }[] =>
    variants
      .filter((variant) => variant.form === form)
      .map((variant) => ({ x: variant.count, y: ratioOf(variants, variant, figure) }));
  const [byHand] = variants;
  const one = byHand ? ratioOf(variants, byHand, figure) : Number.NaN;
  return {
    file: `bench-routes-${["prefix", "header", "mixed"][index] ?? index}.svg`,
    title: `Requests per second by ${name}`,
    xTitle: "rules on one host",
    yTitle: "beside Trilith's ten rules",
    lines: [
      { name: "Trilith's tree", group: 0, points: pointsOf("tree") },
      { name: "flat list", group: 1, points: pointsOf("list") },
      { name: "one route by hand", group: 2, dashed: true, points: COUNTS.map((x) => ({ x, y: one })) },
    ],
  };
}

/** Judged by Envoy's processor time: a rate also falls when a neighbour takes the processor away. */
function goalOf({ name }: Shape, variants: readonly Variant[]): Goal {
  const most = variants.find(({ form, count }) => form === "tree" && count === COUNTS.at(-1));
  const rate = most ? ratioOf(variants, most, rateOf) : Number.NaN;
  const capacity = most ? ratioOf(variants, most, capacityOf) : Number.NaN;
  const { saturates } = findLoadGenerator();
  return {
    text: `10,000 rules are within 10 % of 10 (${name})`,
    measured:
      `${capacity.toFixed(2)} of the requests per second of processor` +
      (saturates ? `, ${rate.toFixed(2)} of the requests per second` : ""),
    met: capacity >= 0.9,
  };
}
