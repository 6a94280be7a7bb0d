/** Which of several policies for one target is in force: the oldest, and of equally old ones the first by name (GEP-713). */
import { compareText, compareTimestamps } from "../../resources/index.ts";

export interface RankedPolicy {
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; without one, the policy counts as the newest. */
  readonly createdAt?: string;
}

export function comparePolicies(a: RankedPolicy, b: RankedPolicy): number {
  return (
    compareTimestamps(a.createdAt, b.createdAt) || compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`)
  );
}
