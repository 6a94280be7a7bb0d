/**
 * `make bench`: measures what Trilith promises, section after section or only those named, prints tables and writes
 * docs/bench.md with its plots. Exits with 1 when a goal is not met.
 */
import { footprint } from "./footprint.ts";
import { latency } from "./latency.ts";
import { findLoadGenerator } from "./load-generator.ts";
import type { Page } from "./page.ts";
import { routes } from "./routes.ts";
import { runSections, sectionsNamed } from "./run-sections.ts";
import { size } from "./size.ts";
import { work } from "./work.ts";

const page: Page = {
  file: "bench.md",
  sections: [routes, latency, footprint, work, size],
  introduction: `# Bench

\`make bench\` measures what Trilith promises of speed and size, with a real Envoy on loopback, and writes this page and its plots
anew. One section alone: \`node bench/main.ts routes\` (or \`latency\`, \`footprint\`, \`work\`, \`size\`). The whole takes about
ten minutes on two cores, which nobody else should be using meanwhile.

The load comes from [wrk](https://github.com/wg/wrk) (\`apt-get install wrk\`). Where that is absent, a generator of the bench's own takes its
place; it cannot saturate Envoy, so that only the processor time for each request counts then, and there is no p99.

Compare ratios, which were taken within one run, rather than figures of different machines. Times and sizes here are of one
machine with two cores.
`,
};

const sections = sectionsNamed(page, process.argv.slice(2), page.sections);
console.log(`bench: load comes from ${findLoadGenerator().description}`);
await runSections(page, sections);
