/** Measures sections of a page one after the other, prints what comes of each, and writes the page as it grows. */
import { loadavg } from "node:os";
import type { Page } from "./page.ts";
import { goalText, type Measurement, writeReport } from "./report.ts";
import type { Goal, Section } from "./section.ts";
import { textTable } from "./text-table.ts";

/** The sections that have these names, or `otherwise`; tells which there are and ends the program where one is not known. */
export function sectionsNamed(page: Page, asked: readonly string[], otherwise: readonly Section[]): readonly Section[] {
  const names = page.sections.map(({ name }) => name);
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`bench: no section ${unknown.join(", ")}; there are ${names.join(", ")}`);
    process.exit(2);
  }
  return asked.length === 0 ? otherwise : page.sections.filter(({ name }) => asked.includes(name));
}

/** Sets the exit code to 1 when a goal is not met. */
export async function runSections(page: Page, sections: readonly Section[]): Promise<void> {
  const began = performance.now();
  const measured: Measurement[] = [];
  for (const section of sections) {
    console.log(`\n▸ ${section.title}`);
    const [loadBefore = 0] = loadavg();
    const outcome = await section.measure((line) => console.log(`  ${line}`));
    for (const table of outcome.tables) console.log(`\n${table.title}\n${textTable(table)}`);
    for (const goal of outcome.goals) console.log(goalText(goal));
    measured.push({ section, outcome, loadBefore });
    writeReport(page, measured);
  }
  const goals = measured.flatMap(({ outcome }) => outcome.goals);
  const count = (verdict: Goal["verdict"]): number => goals.filter((goal) => goal.verdict === verdict).length;
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `\nbench: ${seconds} s, ${count("met")} goals met, ${count("missed")} not met, ${count("undecided")} undecided`,
  );
  process.exitCode = count("missed") > 0 ? 1 : 0;
}
