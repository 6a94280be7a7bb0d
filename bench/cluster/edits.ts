/** How soon a change of one route among many is in effect. */
import type { Outcome, Section, Tell } from "../section.ts";
import { quantile, shown } from "../statistics.ts";
import { Answers } from "./answers.ts";
import { BenchGateway, HOSTS, type Hosts, madeFor, ROUTES, routeFor, rulesWith } from "./bench-gateway.ts";
import { StatusLog } from "./status-log.ts";

const OTHERS = 1_000;
const EDITS = 100;
const GOAL_MS = 13;
const HOST = "r500.bench.test";

/** Times in milliseconds, from sending the patch on. */
interface Edited {
  readonly hosts: Hosts;
  /** Until the API server has answered. */
  readonly saved: readonly number[];
  /** Until the first answer of the Gateway that shows it. */
  readonly served: readonly number[];
  readonly wrong: number;
}

export const edits: Section = {
  name: "edits",
  title: "From editing a route to the first answer that shows it",
  measure: async (tell) => {
    const measured: Edited[] = [];
    for (const hosts of HOSTS) measured.push(await edit(hosts, tell));
    return outcomeOf(measured);
  },
};

async function edit(hosts: Hosts, tell: Tell): Promise<Edited> {
  await using gateway = await BenchGateway.start(`edits-${hosts.toLowerCase()}`, hosts);
  using log = await StatusLog.open(gateway);
  tell(`${OTHERS} routes, ${madeFor(hosts)}`);
  await gateway.createAll(
    ROUTES,
    Array.from({ length: OTHERS }, (_, index) => routeFor(`r${index}`, `r${index}.bench.test`, "0")),
  );
  await log.programmed(OTHERS);
  using answers = new Answers(gateway.address);
  await answers.until(
    HOST,
    ({ status }) => status === 200,
    () => true,
  );
  tell(`${EDITS} edits`);
  const [served, saved]: [number[], number[]] = [[], []];
  let wrong = 0;
  for (let version = 1; version <= EDITS; version += 1) {
    const began = performance.now();
    const saving = gateway
      .patch(ROUTES, "r500", { spec: { rules: [rulesWith(String(version))] } })
      .then(() => performance.now());
    const shownAt = await answers.until(
      HOST,
      (answer) => answer.version === String(version),
      (answer) => answer.status === 200 && answer.version === String(version - 1),
    );
    served.push(shownAt.at - began);
    saved.push((await saving) - began);
    wrong += shownAt.wrong;
  }
  return { hosts, saved, served, wrong };
}

function outcomeOf(measured: readonly Edited[]): Outcome {
  const wrong = measured.reduce((sum, one) => sum + one.wrong, 0);
  return {
    method:
      `One route of ${OTHERS} is patched ${EDITS} times, while one client asks for its host every millisecond. Until the new header is there the answer must have ` +
      "the one before. Once for a Gateway as it is without GatewayParameters, and once with `hosts: Many`, which is for so many.",
    tables: [
      {
        title: "Milliseconds from sending the patch to the first answer that shows it",
        columns: ["a Gateway", "p50", "p95", "most", "API server", "p50 as its multiple", "wrong answers"],
        rows: measured.map(({ hosts, saved, served, wrong: own }) => {
          const api = quantile(saved, 0.5);
          return [
            madeFor(hosts),
            ...[0.5, 0.95, 1].map((share) => shown(quantile(served, share))),
            shown(api),
            (quantile(served, 0.5) / api).toFixed(2),
            String(own),
          ];
        }),
      },
    ],
    plots: [],
    goals: [
      ...measured.map(({ hosts, served }) => {
        const p50 = quantile(served, 0.5);
        return {
          text: `an edit among ${OTHERS} routes is in effect after ${GOAL_MS} ms (p50) with a Gateway ${madeFor(hosts)}`,
          measured: `${shown(p50)} ms`,
          verdict: p50 <= GOAL_MS ? ("met" as const) : ("missed" as const),
        };
      }),
      { text: "no answer is wrong", measured: String(wrong), verdict: wrong === 0 ? "met" : "missed" },
    ],
  };
}
