/**
 * Header modifiers as Envoy's lists of headers to add and to remove. Where a rule and one of its backends both modify, the
 * two are made one, in that order: Envoy would apply the backend's first.
 */
import { create } from "@bufbuild/protobuf";
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  HeaderValueOptionSchema,
} from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { HeaderValueOption } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { HeaderModifier } from "../../model/index.ts";

export interface HeaderLists {
  readonly add: HeaderValueOption[];
  readonly remove: string[];
}

/** What becomes of one header: its values kept or dropped, and then some added. */
interface Effect {
  keep: boolean;
  values: string[];
}

/** The modifiers in the order in which they apply. `host` is left out: it is no header to Envoy, see hostSetBy. */
export function headerListsOf(...modifiers: readonly (HeaderModifier | undefined)[]): HeaderLists {
  const effects = new Map<string, Effect>();
  for (const modifier of modifiers) if (modifier !== undefined) apply(modifier, effects);
  const lists: HeaderLists = { add: [], remove: [] };
  for (const [name, { keep, values }] of [...effects].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === "host") continue;
    if (!keep && values.length === 0) lists.remove.push(name);
    // Envoy overwrites before it appends, whatever the order of its list.
    values.forEach((value, index) => lists.add.push(headerOf(name, value, keep || index > 0)));
  }
  return lists;
}

/** The authority that the modifiers set by way of the `host` header. */
export const hostSetBy = (...modifiers: readonly (HeaderModifier | undefined)[]): string | undefined =>
  modifiers.flatMap((modifier) => modifier?.set ?? []).findLast(({ name }) => name === "host")?.value;

function apply({ set, add, remove }: HeaderModifier, effects: Map<string, Effect>): void {
  for (const { name, value } of set) effects.set(name, { keep: false, values: [value] });
  for (const { name, value } of add) {
    const effect = effects.get(name) ?? { keep: true, values: [] };
    effects.set(name, { ...effect, values: [...effect.values, value] });
  }
  for (const name of remove) effects.set(name, { keep: false, values: [] });
}

function headerOf(key: string, value: string, append: boolean): HeaderValueOption {
  return create(HeaderValueOptionSchema, {
    // A percent sign begins a command of Envoy's.
    header: { key, value: value.replaceAll("%", "%%") },
    appendAction: append ? AppendAction.APPEND_IF_EXISTS_OR_ADD : AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  });
}
