/**
 * `make bench-cluster`: measures Trilith in a Kubernetes of one node, and writes docs/bench-cluster.md. The cluster is made for it,
 * in a network namespace, and is gone afterwards; what measures runs inside (inside.ts).
 */
import { once } from "node:events";
import { join } from "node:path";
import { whyNoCluster } from "../../test/cluster/can-run-cluster.ts";
import type { TestCluster } from "../../test/cluster/test-cluster.ts";
import { startTrilithCluster } from "../../test/cluster/trilith-cluster.ts";
import { sectionsNamed } from "../run-sections.ts";
import { listenerSets } from "./listener-sets.ts";
import { clusterPage, usualSections } from "./page.ts";

const asked = process.argv.slice(2);
if (asked.some((word) => word === "--help" || word === "-h")) {
  console.log(`usage: node bench/cluster/main.ts [SECTION…]

Measures Trilith in a Kubernetes of one node that is made for it; needs what test/cluster needs: root, Debian's containerd, Go.
Without a SECTION, all but those by hand:

${clusterPage.sections.map(({ name, title }) => `  ${name.padEnd(14)}${title}`).join("\n")}`);
  process.exit(0);
}
sectionsNamed(clusterPage, asked, usualSections);

const problem = whyNoCluster();
if (problem !== undefined) {
  console.error(`bench: ${problem}`);
  process.exit(1);
}
const tell = (line: string): void => console.log(`bench: ${line}`);
const cluster = await startTrilithCluster(tell);
try {
  if (asked.includes(listenerSets.name)) raiseMemoryLimit(cluster);
  const inside = cluster.start(process.execPath, [join(import.meta.dirname, "inside.ts"), ...asked], { isShown: true });
  const [code] = (await once(inside, "exit")) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await cluster[Symbol.asyncDispose]();
}

/** The chart's limit is for some thousands of routes. */
function raiseMemoryLimit(owner: TestCluster): void {
  const deployment = ["-n", "trilith-system", "deployment/trilith"];
  for (const command of [
    ["set", "resources", ...deployment, "--limits=memory=4Gi"],
    ["rollout", "status", ...deployment, "--timeout=120s"],
  ]) {
    const { status, output } = owner.kubectl(command);
    if (status !== 0) throw new Error(output);
  }
}
