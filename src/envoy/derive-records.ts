/** Derivations of records, one like the other: named after what they make, keyed as records are, and still where nothing changed. */
import type { Collection, Graph } from "../collections/index.ts";
import { type EnvoyRecord, isSameRecord, recordKey } from "./record.ts";

/** What all derivations of records have in common. */
export const shape = (
  name: string,
): { readonly name: string; readonly key: typeof recordKey; readonly equals: typeof isSameRecord } => ({
  name: `envoy/${name}`,
  key: recordKey,
  equals: isSameRecord,
});

export const listOf = (records: EnvoyRecord | readonly EnvoyRecord[] | undefined): readonly EnvoyRecord[] =>
  [records ?? []].flat();

/** Each object gives its records, and nothing else is looked at. */
export const deriveRecords = <Input>(
  graph: Graph,
  name: string,
  from: Collection<Input>,
  recordsOf: (input: Input) => EnvoyRecord | readonly EnvoyRecord[] | undefined,
): Collection<EnvoyRecord> =>
  graph.derive<Input, EnvoyRecord>({ ...shape(name), from, map: (input) => listOf(recordsOf(input)) });
