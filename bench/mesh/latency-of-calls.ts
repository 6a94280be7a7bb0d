/** What two sidecars add to a call: the same calls at the same pace, straight to the program and through both, in turns. */
import { MeshWorld } from "../../test/support/mesh-world.ts";
import type { Section } from "../section.ts";
import { median, quantile, shown } from "../statistics.ts";
import { pacedCalls } from "./paced-calls.ts";

const ROUNDS = 8;
const SECONDS = 3;
const CALLS_PER_SECOND = 200;

export const latencyOfCalls: Section = {
  name: "latency",
  title: "What two sidecars add to a call",
  measure: async (tell) => {
    await using world = await MeshWorld.start([], ["--no-access-log"]);
    const direct = world.programs.get("cart-v1")?.port ?? 0;
    const ways = { "no sidecar": direct, "two sidecars": world.ports.web } as const;
    const rounds: Record<keyof typeof ways, { readonly p50: number; readonly p99: number }[]> = {
      "no sidecar": [],
      "two sidecars": [],
    };
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [way, port] of Object.entries(ways) as [keyof typeof ways, number][]) {
        const tookMs = await pacedCalls({ port, perSecond: CALLS_PER_SECOND, seconds: SECONDS });
        const [p50, p99] = [median(tookMs), quantile(tookMs, 0.99)];
        tell(`${way}: p50 ${shown(p50)} ms, p99 ${shown(p99)} ms`);
        // The first round finds connections and caches cold.
        if (round > 0) rounds[way].push({ p50, p99 });
      }
    }
    const middle = (way: keyof typeof ways, which: "p50" | "p99"): number =>
      median(rounds[way].map((round) => round[which]));
    const added = (["p50", "p99"] as const).map((which) => middle("two sidecars", which) - middle("no sidecar", which));
    return {
      method:
        `${CALLS_PER_SECOND} GET requests a second for ${SECONDS} seconds, on four connections that stay open, to a small program: straight to it, and by its Service ` +
        `through the sidecars of a caller and of its own (mutual TLS, no route), in ${ROUNDS} turns after one that does not count. Medians of the turns. ` +
        "Program, sidecars, control plane and the one who measures share the machine.",
      tables: [
        {
          title: "Time until an answer, in ms",
          columns: ["", "p50", "p99"],
          rows: [
            ...(Object.keys(ways) as (keyof typeof ways)[]).map((way) => [
              way,
              shown(middle(way, "p50")),
              shown(middle(way, "p99")),
            ]),
            ["added", ...added.map(shown)],
          ],
        },
      ],
      plots: [],
      goals: [],
    };
  },
};
