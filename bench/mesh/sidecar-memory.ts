/** What the Envoy beside a workload needs, by how many Services there are and how many of them the workload calls. */
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { type Manifest, selecting, workload } from "../../test/support/manifests.ts";
import { ServedDirectory } from "../../test/support/served-directory.ts";
import { residentMemory } from "../process-usage.ts";
import type { Section } from "../section.ts";

/** Services, and those that are called. */
const CASES = [
  [10, 10],
  [100, 100],
  [1_000, 1_000],
  [1_000, 10],
] as const;
const PORT = 8080;
const FIRST_LOCAL_PORT = 20_000;

export const sidecarMemory: Section = {
  name: "memory",
  title: "Memory of a sidecar",
  measure: async (tell) => {
    const rows: string[][] = [];
    for (const [services, called] of CASES) {
      const mebibytes = await memoryWith(services, called);
      tell(`${services} Services, ${called} called: ${mebibytes.toFixed(0)} MiB`);
      rows.push([services.toLocaleString("en"), called.toLocaleString("en"), mebibytes.toFixed(0)]);
    }
    return {
      method:
        "Resident memory of the Envoy beside a workload, of one worker thread, when it has acknowledged everything; each case with an Envoy and a control plane of its own. " +
        "Each Service has one endpoint, in the mesh, and no route. A sidecar is told what its workload calls: here by its Workload, in a cluster when it first " +
        "connects.",
      tables: [{ title: "MiB", columns: ["Services", "called", "MiB"], rows }],
      plots: [],
      goals: [],
    };
  },
};

async function memoryWith(services: number, called: number): Promise<number> {
  await using directory = await ServedDirectory.create({ more: ["--no-access-log"] });
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  const calls = names
    .slice(0, called)
    .map((name, index) => ({ service: { name }, port: PORT, localPort: FIRST_LOCAL_PORT + index }));
  directory.write("shop.yaml", [
    ...names.map((name) => selecting(name, "shop", { app: "cart" }, PORT)),
    workload({ name: "caller", namespace: "shop", account: "caller", address: "127.1.8.1", calls }),
    cart,
  ]);
  await directory.start();
  const caller = directory.sidecars().find((path) => bootstrapOf(path).includes('"mesh/shop/caller/caller"'));
  if (caller === undefined) throw new Error("the caller has no sidecar");
  const { pid } = JSON.parse(readFileSync(join(caller, "envoy.json"), "utf8")) as { pid: number };
  return residentMemory(pid).nowMiB;
}

const cart: Manifest = workload({
  name: "cart",
  namespace: "shop",
  account: "cart",
  address: "127.1.8.2",
  labels: { app: "cart" },
  ports: [{ port: PORT, localPort: 19_999 }],
});

const bootstrapOf = (path: string): string => readFileSync(join(path, "bootstrap.json"), "utf8");
