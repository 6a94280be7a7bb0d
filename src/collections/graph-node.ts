/** What the graph knows of each collection: how to bring it up to date, and how to describe it. */
import type { Store } from "./store.ts";

export type CollectionKind = "source" | "derived" | "group" | "union";

export interface GraphNode {
  readonly kind: CollectionKind;
  /** The parts of a store that do not depend on the type of its values. */
  readonly store: Pick<Store<unknown>, "name" | "rank" | "size" | "watches" | "flush" | "tell"> & {
    readonly dependents: ReadonlyMap<string, unknown>;
    readonly subscribers: { readonly size: number };
    readonly indexes: Iterable<{ readonly name: string; readonly reads: { readonly size: number } }>;
  };
  /** What it is made from. */
  readonly from: readonly { readonly name: string }[];
  /** What it reads besides. */
  readonly reads: readonly { readonly name: string }[];
  /** How often its function was called. */
  readonly recomputations: number;
  /** Computes what earlier flushes of this batch have marked. */
  run(): void;
  /** Takes back what it has registered with others. */
  remove(): void;
}
