/** A page of the documentation that a bench writes: what it is called, what it begins with, and its sections in order. */
import type { Section } from "./section.ts";

export interface Page {
  /** In docs. */
  readonly file: string;
  readonly introduction: string;
  readonly sections: readonly Section[];
}
