/** Incremental keyed collections: what is derived from facts, kept up to date as they change. */
export type { Change, Collection, Derivation, Group, Index, Reader, Shape, Source } from "./collection.ts";
export type { CollectionDescription } from "./describe-node.ts";
export type { Failure } from "./failures.ts";
export { Graph, type Grouping, type Union } from "./graph.ts";
export type { CollectionKind } from "./graph-node.ts";
export type { Scope } from "./scope.ts";
export { structurallyEqual } from "./structurally-equal.ts";
