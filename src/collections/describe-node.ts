/** A collection as the admin page draws it. */
import type { CollectionKind, GraphNode } from "./graph-node.ts";

export interface CollectionDescription {
  readonly name: string;
  readonly kind: CollectionKind;
  /** Collections are computed from low to high; sources have 0. */
  readonly rank: number;
  /** How many values it has. */
  readonly size: number;
  /** How often its function was called since it was made. */
  readonly recomputations: number;
  /** The names of the collections it is made from. */
  readonly from: readonly string[];
  /** The names of those it reads besides. */
  readonly reads: readonly string[];
  readonly indexes: readonly string[];
  /** How many reads of it, or of its indexes, inputs of other collections have made and depend on. */
  readonly watches: number;
  readonly subscribers: number;
}

export function describeNode({ kind, store, from, reads, recomputations }: GraphNode): CollectionDescription {
  const indexes = [...store.indexes];
  return {
    name: store.name,
    kind,
    rank: store.rank,
    size: store.size,
    recomputations,
    from: from.map(({ name }) => name),
    reads: reads.map(({ name }) => name),
    indexes: indexes.map(({ name }) => name),
    watches: indexes.reduce((sum, index) => sum + index.reads.size, store.watches),
    subscribers: store.subscribers.size,
  };
}
