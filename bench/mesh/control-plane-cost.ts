/** What each workload that joins costs the control plane: memory, bytes sent, and processor time. */
import { setTimeout as delay } from "node:timers/promises";
import { type Manifest, selecting, workload } from "../../test/support/manifests.ts";
import { ServedDirectory } from "../../test/support/served-directory.ts";
import { processorSeconds, residentMemory } from "../process-usage.ts";
import type { Section } from "../section.ts";
import { shown } from "../statistics.ts";

const FIRST = 4;
const JOINING = 16;
const PORT = 8080;
const JOINED_WITHIN_MS = 180_000;

interface Use {
  readonly residentMiB: number;
  readonly seconds: number;
  readonly bytes: number;
}

export const controlPlaneCost: Section = {
  name: "control-plane",
  title: "What a workload that joins costs the control plane",
  measure: async (tell) => {
    await using directory = await ServedDirectory.create({ more: ["--no-access-log"] });
    directory.write("services.yaml", [selecting("cart", "shop", { app: "cart" }, PORT)]);
    directory.write("first.yaml", workloads(0, FIRST));
    tell(`starting with ${FIRST} workloads`);
    await directory.start();
    const before = await useOf(directory);
    tell(`${JOINING} join`);
    directory.write("joining.yaml", workloads(FIRST, FIRST + JOINING));
    const joined = async (): Promise<boolean> => (await programmedIn(directory)) === FIRST + JOINING;
    await directory.until("all have joined", joined, JOINED_WITHIN_MS);
    await delay(2_000);
    const after = await useOf(directory);
    const each = (which: keyof Use): number => (after[which] - before[which]) / JOINING;
    return {
      method:
        `\`trilith serve\` with ${FIRST} Workloads, to which ${JOINING} are added in one file; each is an endpoint of one Service and calls it, and has an Envoy. What the control ` +
        "plane used from then until two seconds after all sidecars had acknowledged everything, by workload that joined: a certificate each, the configuration " +
        "of its sidecar, the endpoints that others learn of, and running the Envoy as a child.",
      tables: [
        {
          title: "For each workload",
          columns: ["memory, KiB", "sent, KiB", "processor, ms"],
          rows: [[shown(each("residentMiB") * 1024), shown(each("bytes") / 1024), shown(each("seconds") * 1000)]],
        },
      ],
      plots: [],
      goals: [],
    };
  },
};

const workloads = (from: number, to: number): Manifest[] =>
  Array.from({ length: to - from }, (_, offset) => {
    const index = from + offset;
    return workload({
      name: `cart-${index}`,
      namespace: "shop",
      account: `cart-${index}`,
      address: `127.1.9.${index + 1}`,
      labels: { app: "cart" },
      ports: [{ port: PORT, localPort: 21_000 + index }],
      calls: [{ service: { name: "cart" }, port: PORT, localPort: 22_000 + index }],
    });
  });

async function programmedIn(directory: ServedDirectory): Promise<number> {
  const { objects } = await directory.status();
  return objects.filter(
    ({ kind, status }) =>
      kind === "Workload" && status.conditions?.some(({ type, status: is }) => type === "Programmed" && is === "True"),
  ).length;
}

async function useOf(directory: ServedDirectory): Promise<Use> {
  const metrics = [...(await directory.metrics())];
  const bytes = metrics.reduce(
    (sum, [series, value]) => sum + (series.startsWith("trilith_xds_bytes_sent_total") ? value : 0),
    0,
  );
  return { residentMiB: residentMemory(directory.pid).nowMiB, seconds: processorSeconds(directory.pid), bytes };
}
