/**
 * Writes outcomes to docs/bench.md and its plots. A section that was measured takes the place of its last outcome; the
 * others stay as they are.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { linePlot } from "./line-plot.ts";
import type { Goal, Outcome, Section } from "./section.ts";
import { textTable } from "./text-table.ts";

const DOCS = join(import.meta.dirname, "../docs");
const PAGE = join(DOCS, "bench.md");

const INTRODUCTION = `# Bench

\`make bench\` measures what Trilith promises of speed and size, with a real Envoy on loopback, and writes this page and its plots
anew. One section alone: \`node bench/main.ts routes\` (or \`latency\`, \`footprint\`, \`work\`, \`size\`). The whole takes about
ten minutes on two cores, which nobody else should be using meanwhile.

The load comes from [wrk](https://github.com/wg/wrk) (\`apt-get install wrk\`). Where that is absent, a generator of the bench's own takes its
place; it cannot saturate Envoy, so that only the processor time for each request counts then, and there is no p99.

Compare ratios, which were taken within one run, rather than figures of different machines. Times and sizes here are of one
machine with two cores.
`;

export interface Measurement {
  readonly section: Section;
  readonly outcome: Outcome;
  /** Of the machine, over the minute before. */
  readonly loadBefore: number;
}

/** `names` are those of all sections, in the order of the page. */
export function writeReport(names: readonly string[], measured: readonly Measurement[]): void {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  const fresh = new Map(measured.map((one) => [one.section.name, sectionText(one)]));
  const parts = names.flatMap((name) => {
    const text = fresh.get(name) ?? keptText(page, name);
    return text === undefined ? [] : [`<!-- ${name} -->\n\n${text}\n\n<!-- end of ${name} -->`];
  });
  writeFileSync(PAGE, `${[INTRODUCTION.trimEnd(), ...parts].join("\n\n")}\n`);
  for (const { outcome } of measured)
    for (const plot of outcome.plots) writeFileSync(join(DOCS, plot.file), linePlot(plot));
}

function keptText(page: string, name: string): string | undefined {
  return page.split(`<!-- ${name} -->`)[1]?.split(`<!-- end of ${name} -->`)[0]?.trim();
}

function sectionText({ section: { title }, outcome, loadBefore }: Measurement): string {
  const { method, tables, plots, goals } = outcome;
  return [
    `## ${title}`,
    method,
    `Measured on ${availableParallelism()} processors with a load average of ${loadBefore.toFixed(1)} when it began.`,
    ...tables.filter(({ local }) => !local).flatMap((table) => [`**${table.title}**`, textTable(table)]),
    ...plots.map(({ title: alternative, file }) => `![${alternative}](${file})`),
    goals.length > 0 ? goals.map((goal) => `- ${goalText(goal)}`).join("\n") : "",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const VERDICTS = { met: "met", missed: "NOT met", undecided: "undecided" } as const;

export const goalText = ({ text, measured, verdict }: Goal): string => `${VERDICTS[verdict]}: ${text}: ${measured}`;
