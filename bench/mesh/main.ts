/**
 * `make bench-mesh`: what the mesh costs, section after section or only those named, on this machine alone: two Envoys and more on
 * loopback. Prints tables and writes docs/bench-mesh.md.
 */
import type { Page } from "../page.ts";
import { runSections, sectionsNamed } from "../run-sections.ts";
import { controlPlaneCost } from "./control-plane-cost.ts";
import { latencyOfCalls } from "./latency-of-calls.ts";
import { sidecarMemory } from "./sidecar-memory.ts";

const page: Page = {
  file: "bench-mesh.md",
  sections: [latencyOfCalls, sidecarMemory, controlPlaneCost],
  introduction: `# Bench of the mesh

\`make bench-mesh\` measures what the mesh costs, with [the mesh on one machine](mesh-standalone.md), and writes this page anew. One section alone:
\`node bench/mesh/main.ts latency\` (or \`memory\`, \`control-plane\`). The whole takes about three minutes on two cores, which nobody else should be
using meanwhile.

Compare ratios and differences, which were taken within one run, rather than figures of different machines.
`,
};

await runSections(page, sectionsNamed(page, process.argv.slice(2), page.sections));
