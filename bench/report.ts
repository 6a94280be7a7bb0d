/**
 * Writes outcomes to a page of the documentation, and its plots. A section that was measured takes the place of its last outcome; the
 * others stay as they are.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { linePlot } from "./line-plot.ts";
import type { Page } from "./page.ts";
import type { Goal, Outcome, Section } from "./section.ts";
import { textTable } from "./text-table.ts";

const DOCS = join(import.meta.dirname, "../docs");

export interface Measurement {
  readonly section: Section;
  readonly outcome: Outcome;
  /** Of the machine, over the minute before. */
  readonly loadBefore: number;
}

export function writeReport({ file, introduction, sections }: Page, measured: readonly Measurement[]): void {
  const path = join(DOCS, file);
  const page = existsSync(path) ? readFileSync(path, "utf8") : "";
  const fresh = new Map(measured.map((one) => [one.section.name, sectionText(one)]));
  const parts = sections.flatMap(({ name }) => {
    const text = fresh.get(name) ?? keptText(page, name);
    return text === undefined ? [] : [`<!-- ${name} -->\n\n${text}\n\n<!-- end of ${name} -->`];
  });
  writeFileSync(path, `${[introduction.trimEnd(), ...parts].join("\n\n")}\n`);
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
