/** What one changed route costs: how much is worked out again and how much is sent, whatever else is served. */
import { freePorts } from "../test/support/free-ports.ts";
import type { Manifest } from "../test/support/manifests.ts";
import { GatewayUnderTest } from "./gateway-under-test.ts";
import { byPrefix, casesOf, edgeGateway, HOST, redirectingRoute, routesOf } from "./rule-shapes.ts";
import type { Section, Tell } from "./section.ts";
import { median } from "./statistics.ts";
import { objectsOf } from "./translated.ts";

const OTHERS = [10, 1_000, 5_000] as const;
const RULES = [10, 100, 1_000] as const;
const CHANGES = 10;

interface Work {
  readonly others: number;
  readonly rules: number;
  readonly recomputations: number;
  readonly bytes: number;
  readonly messages: number;
  /** Of this thread, from the change to its message. */
  readonly milliseconds: number;
}

export const work: Section = {
  name: "work",
  title: "Work for one changed route",
  measure: async (tell) => {
    const byOthers: Work[] = [];
    for (const others of OTHERS) byOthers.push(await workFor(others, 1, tell));
    const byRules: Work[] = [];
    for (const rules of RULES) byRules.push(await workFor(10, rules, tell));
    const [, some, most] = byRules;
    const perRule = some && most ? most.bytes / most.rules / (some.bytes / some.rules) : Number.NaN;
    const isSame = (figure: (one: Work) => number): boolean => new Set(byOthers.map(figure)).size === 1;
    return {
      method:
        "One route changes its redirect, ten times, with a real Envoy acknowledging each: functions of the graph that are called again, what Envoy " +
        "says included, and bytes of the resources in messages. Other hosts have one route each.",
      tables: [
        {
          title: "For one change",
          columns: ["other hosts", "rules on the host", "recomputations", "messages", "bytes"],
          rows: [...byOthers, ...byRules].map(({ others, rules, recomputations, messages, bytes }) =>
            [others, rules, recomputations, messages, bytes].map((value) => value.toLocaleString("en")),
          ),
        },
        {
          title: "Time from change to message, on this machine",
          columns: ["other hosts", "rules on the host", "ms"],
          rows: [...byOthers, ...byRules].map(({ others, rules, milliseconds }) => [
            others.toLocaleString("en"),
            rules.toLocaleString("en"),
            milliseconds.toFixed(2),
          ]),
          local: true,
        },
      ],
      plots: [],
      goals: [
        {
          text: "work does not depend on other hosts' routes",
          measured: byOthers.map((one) => `${one.recomputations} recomputations and ${one.bytes} bytes`).join(", "),
          verdict: isSame(({ recomputations }) => recomputations) && bytesAgree(byOthers) ? "met" : "missed",
        },
        {
          text: "bytes are linear in the changed host's rules",
          measured: `${perRule.toFixed(2)} times the bytes for each rule with ${most?.rules} as with ${some?.rules}`,
          verdict: perRule <= 1.1 ? "met" : "missed",
        },
      ],
    };
  },
};

/** Names and versions are as long everywhere, but for a byte or two. */
const bytesAgree = (all: readonly Work[]): boolean =>
  Math.max(...all.map(({ bytes }) => bytes)) - Math.min(...all.map(({ bytes }) => bytes)) <= 8;

async function workFor(others: number, rules: number, tell: Tell): Promise<Work> {
  tell(`${others} other hosts, ${rules} rules on the changed one`);
  const [port = 0] = await freePorts(1);
  const steady: readonly Manifest[] = [
    edgeGateway(port),
    ...routesOf(casesOf(byPrefix, rules)),
    ...Array.from({ length: others }, (_, index) => redirectingRoute(`other-${index}`, `h${index}.test`, "a.test")),
  ];
  const objects = new Map(objectsOf(steady));
  await using gateway = await GatewayUnderTest.start(objects);
  const { engine } = gateway;
  const samples: Work[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    let [bytes, messages, sentAt] = [0, 0, 0];
    gateway.onSent = ({ resources }) => {
      sentAt ||= performance.now();
      messages += 1;
      for (const { resource } of resources) bytes += resource?.value.byteLength ?? 0;
    };
    const changed = objectsOf([redirectingChange(change)]);
    const before = engine.graph.recomputed;
    const next = new Map([...objects, ...changed]);
    const began = performance.now();
    engine.replaceObjects(next);
    await gateway.settled();
    const recomputations = engine.graph.recomputed - before;
    samples.push({ others, rules, recomputations, bytes, messages, milliseconds: sentAt - began });
  }
  // The first change adds its route; the others change it.
  const later = samples.slice(1);
  const of = (figure: (one: Work) => number): number => median(later.map(figure));
  return {
    others,
    rules,
    recomputations: of((one) => one.recomputations),
    bytes: of((one) => one.bytes),
    messages: of((one) => one.messages),
    milliseconds: of((one) => one.milliseconds),
  };
}

const redirectingChange = (change: number): Manifest => redirectingRoute("changed", HOST, `target-${change}.test`);
