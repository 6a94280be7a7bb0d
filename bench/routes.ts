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
const MOST = 10_000;
const SHAPES = [byPrefix, byHeader, mixed] as const;
const FORMS = ["tree", "list"] as const;
const ROUNDS = 5;
/** Of those three alone that decide, right behind each other: what drifts on a machine has little time to do so within a round. */
const DECIDING_ROUNDS = 12;
const SECONDS = 1;
const WARM_UP_SECONDS = 1;
/** How much two equal Envoys may differ. */
const MOST_CHANCE = 0.05;
/** So many different requests are sent in turn, spread over the rules: the same number whatever the number of rules. */
const ASKED = 10;
/** The most rules are also asked so: then the memory of that many routes goes through the processor's cache. */
const ASKED_WIDELY = 2_000;

type Form = (typeof FORMS)[number];

interface Variant {
  readonly name: string;
  readonly count: number;
  readonly form: Form | "one";
  /** How many different requests it gets. */
  readonly asked: number;
  readonly port: number;
  readonly bootstrap: object;
  readonly requests: readonly LoadRequest[];
  readonly rounds: Measured[];
}

interface MeasuredShape {
  readonly shape: Shape;
  readonly variants: readonly Variant[];
  /** Trilith's ten rules, the same as a list, and Trilith's most, in rounds of their own. */
  readonly deciding: readonly Variant[];
}

export const routes: Section = {
  name: "routes",
  title: "Requests per second against the number of rules",
  measure: async (tell) => {
    const measured: MeasuredShape[] = [];
    for (const shape of SHAPES) measured.push(await measureShape(shape, tell));
    return outcomeOf(measured);
  },
};

/**
 * Every round starts each Envoy anew: where a process happens to lie in memory is worth more than most differences here, and over
 * several rounds that chance evens out. Only one runs at a time.
 */
async function measureShape(shape: Shape, tell: Tell): Promise<MeasuredShape> {
  const [port = 0] = await freePorts(1);
  const variants = [oneRoute(port)];
  for (const count of COUNTS)
    for (const form of FORMS) variants.push(variantOf({ shape, count, form, asked: ASKED }, port));
  variants.push(variantOf({ shape, count: MOST, form: "tree", asked: ASKED_WIDELY }, port));
  const binary = await findEnvoy({ onProgress: tell });
  for (let round = 1; round <= ROUNDS; round += 1) {
    tell(`${shape.name}: round ${round} of ${ROUNDS}`);
    // Each round begins with another, so that nobody is always behind the same neighbour.
    for (const variant of [...variants.slice(round), ...variants.slice(0, round)])
      variant.rounds.push(await measureOnce(variant, binary, { shape, isFirst: round === 1 }));
  }
  const deciding = variants.filter(isDeciding).map((variant): Variant => ({ ...variant, rounds: [] }));
  for (let round = 1; round <= DECIDING_ROUNDS; round += 1) {
    tell(`${shape.name}: deciding round ${round} of ${DECIDING_ROUNDS}`);
    // There and back, so that what comes later in a round is now one and now the other.
    for (const variant of round % 2 === 0 ? deciding.toReversed() : deciding)
      variant.rounds.push(await measureOnce(variant, binary, { shape, isFirst: false }));
  }
  return { shape, variants, deciding };
}

const isDeciding = ({ count, form, asked }: Variant): boolean =>
  asked === ASKED && (count === 10 || (count === MOST && form === "tree"));

async function measureOnce(
  { bootstrap, port, requests, form, count }: Variant,
  binary: string,
  { shape, isFirst }: { readonly shape: Shape; readonly isFirst: boolean },
): Promise<Measured> {
  await using envoy = await FixedEnvoy.start(binary, port, bootstrap);
  if (isFirst && form !== "one") await checkAnswers(port, shape, count);
  const load = { port, host: HOST, requests };
  const generator = findLoadGenerator();
  await measureLoad(generator, envoy.pid, { ...load, seconds: WARM_UP_SECONDS });
  return await measureLoad(generator, envoy.pid, { ...load, seconds: SECONDS });
}

function oneRoute(port: number): Variant {
  const bootstrap = oneRouteBootstrap(port, targetOf(0));
  const requests = [{ path: "/items" }];
  return { name: "one route by hand", count: 1, form: "one", asked: 1, port, bootstrap, requests, rounds: [] };
}

interface Wanted {
  readonly shape: Shape;
  readonly count: number;
  readonly form: Form;
  readonly asked: number;
}

function variantOf({ shape, count, form, asked }: Wanted, port: number): Variant {
  const cases = casesOf(shape, count);
  const made = translated([edgeGateway(port), ...routesOf(cases)], { ...defaultSettings, accessLog: "none" });
  const flat = toBinary(VirtualHostSchema, flatHostOf(hostOf(made, HOST)));
  const records = [...made.records.values()];
  const isServed = (name: string): boolean => name.endsWith(`/${HOST}`);
  if (!records.some(({ name }) => isServed(name))) throw new Error(`${count} ${shape.name} are too large to travel`);
  const chosen = records.map((record) =>
    form === "list" && isServed(record.name) ? { ...record, bytes: flat } : record,
  );
  const indexes = Array.from({ length: asked }, (_, index) => Math.floor((index * count) / asked));
  return {
    name: `${form} of ${count}${asked === ASKED ? "" : `, ${asked} asked for`}`,
    count,
    form,
    asked,
    port,
    bootstrap: staticBootstrap(chosen),
    // Neighbours in the list are not neighbours in time: 7919 is prime to every number of requests here.
    requests: indexes.map((_, index) => cases[indexes[(index * 7919) % indexes.length] ?? 0]?.request ?? { path: "/" }),
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

function outcomeOf(measured: readonly MeasuredShape[]): Outcome {
  const { saturates } = findLoadGenerator();
  return {
    method:
      "One host with 10 to 10,000 rules, each a redirect with a target of its own, so that the proxy alone is measured; one worker, 16 " +
      "connections. Ten rules, spread over all, are asked for in turn, however many there are; one row is asked for 2,000, so that " +
      "the memory of as many routes goes through the processor's cache, whatever finds them. “tree” is what Trilith sends, “list” the same routes in one list, " +
      "“one route by hand” an Envoy with a router, one route and nothing else. Access logs are off. Each is started anew for each round, and a figure is the " +
      `median, over ${ROUNDS} rounds, of the ratio to Trilith's ten rules in the same round. p99 is at full load. ` +
      "Ten rules are the same in both forms: how far “list of 10” is from 1.00 is chance, and so may as much be of every other figure. " +
      `What is met or missed is decided in ${DECIDING_ROUNDS} rounds more of “tree of 10”, “list of 10” and “tree of 10000” alone, right behind each other.`,
    tables: measured.flatMap(({ shape, variants }) => tablesOf(shape, variants)),
    plots: measured.map(({ shape, variants }, index) => plotOf(shape, variants, index, saturates)),
    goals: measured.map(goalOf),
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
      .filter((variant) => variant.form === form && variant.asked === ASKED)
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

/**
 * Judged by Envoy's processor time: a rate also falls when a neighbour takes the processor away. Ten rules are a list in both
 * forms, so these two differ by nothing but chance: when that is more than half of what the goal allows, nothing is decided.
 */
function goalOf({ shape: { name }, variants, deciding }: MeasuredShape): Goal {
  const of = (among: readonly Variant[], form: Form, count: number, asked = ASKED): number => {
    const variant = among.find((one) => one.form === form && one.count === count && one.asked === asked);
    return variant ? ratioOf(among, variant, capacityOf) : Number.NaN;
  };
  const capacity = of(deciding, "tree", MOST);
  const same = of(deciding, "list", 10);
  return {
    text: `10,000 rules are within 10 % of 10 (${name})`,
    measured:
      `${capacity.toFixed(2)} of the requests per second of processor when ten of them are asked for, ` +
      `${of(variants, "tree", MOST, ASKED_WIDELY).toFixed(2)} when ${ASKED_WIDELY} are; ` +
      `two Envoys with the same ten rules: ${same.toFixed(2)}`,
    verdict: Math.abs(1 - same) > MOST_CHANCE ? "undecided" : capacity >= 0.9 ? "met" : "missed",
  };
}
