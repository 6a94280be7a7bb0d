/** Incremental keyed collections. */
export * from "./interim-graph.ts";
