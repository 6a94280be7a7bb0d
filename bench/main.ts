/**
 * `make bench`: measures what Trilith promises, section after section or only those named, prints tables and writes
 * docs/bench.md with its plots. Exits with 1 when a goal is not met.
 */
import { loadavg } from "node:os";
import { footprint } from "./footprint.ts";
import { latency } from "./latency.ts";
import { findLoadGenerator } from "./load-generator.ts";
import { goalText, type Measurement, writeReport } from "./report.ts";
import { routes } from "./routes.ts";
import type { Goal, Section } from "./section.ts";
import { size } from "./size.ts";
import { textTable } from "./text-table.ts";
import { work } from "./work.ts";

const sections: readonly Section[] = [routes, latency, footprint, work, size];
const names = sections.map(({ name }) => name);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`bench: no section ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exit(2);
}
console.log(`bench: load comes from ${findLoadGenerator().description}`);

const began = performance.now();
const measured: Measurement[] = [];
for (const section of sections.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  console.log(`\n▸ ${section.title}`);
  const [loadBefore = 0] = loadavg();
  const outcome = await section.measure((line) => console.log(`  ${line}`));
  for (const table of outcome.tables) console.log(`\n${table.title}\n${textTable(table)}`);
  for (const goal of outcome.goals) console.log(goalText(goal));
  measured.push({ section, outcome, loadBefore });
  writeReport(names, measured);
}
const goals = measured.flatMap(({ outcome }) => outcome.goals);
const count = (verdict: Goal["verdict"]): number => goals.filter((goal) => goal.verdict === verdict).length;
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `\nbench: ${seconds} s, ${count("met")} goals met, ${count("missed")} not met, ${count("undecided")} undecided`,
);
process.exitCode = count("missed") > 0 ? 1 : 0;
