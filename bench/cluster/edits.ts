/** How soon a change of one route among many is in effect. */
import type { Section } from "../section.ts";
import { quantile, shown } from "../statistics.ts";
import { Answers } from "./answers.ts";
import { BenchGateway, ROUTES, routeFor, rulesWith } from "./bench-gateway.ts";
import { StatusLog } from "./status-log.ts";

const OTHERS = 1_000;
const EDITS = 100;
const GOAL_MS = 13;
const HOST = "r500.bench.test";

export const edits: Section = {
  name: "edits",
  title: "From editing a route to the first answer that shows it",
  measure: async (tell) => {
    await using gateway = await BenchGateway.start("edits");
    using log = await StatusLog.open(gateway);
    tell(`${OTHERS} routes`);
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
    for (let edit = 1; edit <= EDITS; edit += 1) {
      const began = performance.now();
      const saving = gateway
        .patch(ROUTES, "r500", { spec: { rules: [rulesWith(String(edit))] } })
        .then(() => performance.now());
      const shownAt = await answers.until(
        HOST,
        ({ version }) => version === String(edit),
        ({ status, version }) => status === 200 && version === String(edit - 1),
      );
      served.push(shownAt.at - began);
      saved.push((await saving) - began);
      wrong += shownAt.wrong;
    }
    const [p50, p95, most, api] = [
      quantile(served, 0.5),
      quantile(served, 0.95),
      quantile(served, 1),
      quantile(saved, 0.5),
    ];
    return {
      method:
        `One route of ${OTHERS} is patched ${EDITS} times, while one client asks for its host every millisecond. Until the new header is there the answer must have ` +
        "the one before.",
      tables: [
        {
          title: "Milliseconds from sending the patch to the first answer that shows it",
          columns: ["routes", "p50", "p95", "most", "API server", "p50 as its multiple", "wrong answers"],
          rows: [
            [String(OTHERS), ...[p50, p95, most, api].map((ms) => shown(ms)), (p50 / api).toFixed(2), String(wrong)],
          ],
        },
      ],
      plots: [],
      goals: [
        {
          text: `an edit among ${OTHERS} routes is in effect after ${GOAL_MS} ms (p50)`,
          measured: `${shown(p50)} ms`,
          verdict: p50 <= GOAL_MS ? "met" : "missed",
        },
        { text: "no answer is wrong", measured: String(wrong), verdict: wrong === 0 ? "met" : "missed" },
      ],
    };
  },
};
