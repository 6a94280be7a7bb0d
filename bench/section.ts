/**
 * What a section of the bench gives: tables to print and to keep, plots, and goals with what was measured. Figures that
 * mean something only on one machine are printed, not kept.
 */

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Figures of this machine alone: printed, but not written to the documentation. */
  readonly local?: true;
}

export interface Line {
  readonly name: string;
  /** One series of colours: lines of one group share a colour. */
  readonly group: number;
  readonly dashed?: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Both axes start at zero or, where `x` spans powers of ten, are logarithmic in x. */
export interface Plot {
  readonly file: string;
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
}

export interface Goal {
  readonly text: string;
  readonly measured: string;
  /** `undecided`: what is measured twice differs by too much to tell. */
  readonly verdict: "met" | "missed" | "undecided";
}

export interface Outcome {
  /** How it was measured: one paragraph. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
  readonly goals: readonly Goal[];
}

export type Tell = (line: string) => void;

export interface Section {
  readonly name: string;
  readonly title: string;
  measure(tell: Tell): Promise<Outcome>;
}
