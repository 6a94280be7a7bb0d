/** The largest configuration that is tried: thousands of ListenerSets with tens of thousands of routes behind one Gateway. */
import { get } from "node:http";
import { text } from "node:stream/consumers";
import type { Section, Tell } from "../section.ts";
import { shown } from "../statistics.ts";
import { Answers } from "./answers.ts";
import { BenchGateway, LISTENER_SETS, ROUTES, routeFor } from "./bench-gateway.ts";
import { peakMiB, type PodProcess } from "./pod-usage.ts";
import { StatusLog } from "./status-log.ts";

const SETS = 2_500;
const ROUTES_OF_A_SET = 16;
const SETS_AT_ONCE = 50;
const METRICS_PORT = 19_000;
const MIB = 1_024 * 1_024;

export const listenerSets: Section = {
  name: "listenersets",
  title: `${SETS.toLocaleString("en")} ListenerSets with ${(SETS * ROUTES_OF_A_SET).toLocaleString("en")} routes (by hand)`,
  measure: async (tell) => {
    await using gateway = await BenchGateway.start("listenersets", "Few", {
      allowedListeners: { namespaces: { from: "Same" } },
    });
    using log = await StatusLog.open(gateway);
    const began = performance.now();
    const createdAt = await createSets(gateway, tell);
    const seconds = (ms: number): string => shown(ms / 1_000);
    tell(`all are created after ${seconds(createdAt - began)} s`);
    const count = SETS * ROUTES_OF_A_SET;
    const accepted = await log.accepted(count);
    tell(`all are accepted ${seconds(Math.max(accepted - createdAt, 0))} s after the last create`);
    const programmed = await log.programmed(count);
    tell(`all are programmed ${seconds(Math.max(programmed - createdAt, 0))} s after the last create`);
    const last = `r0.s${SETS - 1}.bench.test`;
    using answers = new Answers(gateway.address);
    await answers.until(
      last,
      ({ status }) => status === 200,
      () => true,
    );
    const { controllers, proxies } = await gateway.processes();
    const largest = Math.max(...(await Promise.all(controllers.map(largestMessage))));
    const peaks = (processes: readonly PodProcess[]): string => processes.map((one) => shown(peakMiB(one))).join(", ");
    tell(
      `peaks: controllers ${peaks(controllers)} MiB, Envoy ${peaks(proxies)} MiB; ${largest} bytes the largest message; deleting`,
    );
    return {
      method: `${SETS} ListenerSets of one Gateway, each with one listener for a hostname of its own and ${ROUTES_OF_A_SET} HTTPRoutes, created as fast as the API server takes them.`,
      tables: [
        {
          title: "Seconds, MiB",
          columns: [
            "creating",
            "then until all Accepted",
            "until all Programmed",
            "peak of each controller",
            "peak of Envoy",
            "largest message",
          ],
          rows: [
            [
              seconds(createdAt - began),
              seconds(Math.max(accepted - createdAt, 0)),
              seconds(Math.max(programmed - createdAt, 0)),
              peaks(controllers),
              peaks(proxies),
              (largest / MIB).toFixed(2),
            ],
          ],
        },
      ],
      plots: [],
      goals: [
        {
          text: `${count.toLocaleString("en")} routes work, and no message is larger than the 4 MiB that proxies take`,
          measured: `the last one answers; ${(largest / MIB).toFixed(2)} MiB`,
          verdict: largest < 4 * MIB ? "met" : "missed",
        },
      ],
    };
  },
};

async function createSets(gateway: BenchGateway, tell: Tell): Promise<number> {
  let createdAt = performance.now();
  for (let first = 0; first < SETS; first += SETS_AT_ONCE) {
    if (first % (SETS_AT_ONCE * 5) === 0) tell(`${first} of ${SETS} ListenerSets with their routes`);
    const indices = Array.from({ length: Math.min(SETS_AT_ONCE, SETS - first) }, (_, index) => first + index);
    await gateway.createAll(
      LISTENER_SETS,
      indices.map((index) => ({
        metadata: { name: `s${index}` },
        spec: {
          parentRef: { name: gateway.name },
          listeners: [{ name: "http", port: 80, protocol: "HTTP", hostname: `*.s${index}.bench.test` }],
        },
      })),
    );
    createdAt = await gateway.createAll(
      ROUTES,
      indices.flatMap((index) => {
        const parent = { group: "gateway.networking.k8s.io", kind: "ListenerSet", name: `s${index}` };
        return Array.from({ length: ROUTES_OF_A_SET }, (_, route) =>
          routeFor(`s${index}-${route}`, `r${route}.s${index}.bench.test`, "1", parent),
        );
      }),
    );
  }
  return createdAt;
}

/** In bytes, as the replica tells it. */
async function largestMessage({ address }: PodProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get({ host: address, port: METRICS_PORT, path: "/metrics" }, (response) => {
    text(response).then(resolve, reject);
  }).once("error", reject);
  return Number(/^trilith_xds_largest_message_bytes (\d+)$/m.exec(await promise)?.[1] ?? Number.NaN);
}
