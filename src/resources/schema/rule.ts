/**
 * Rules that join several fields, or say what no pattern can. Each rule of the Gateway API's CRDs, which are written in
 * CEL there, has its counterpart here, known by the message that the CRD gives it.
 */
import type { FieldPath } from "./problem.ts";

export interface Violation {
  /** From the value that the rule is about. */
  readonly path?: FieldPath;
  readonly message: string;
  readonly advice?: string;
}

export interface Rule<T> {
  /** For a rule of a CRD its message there, word for word, by which a test finds it; unique within a schema node. */
  readonly id: string;
  /** Empty where the rule holds. The value has the right shape, but other rules may be broken. */
  find(value: T): readonly Violation[];
  /** For rules about changes: what `value` may not become. */
  findChange?(value: T, previous: T): readonly Violation[];
}

/** A violation where something is wrong, and none otherwise. */
export function violationIf(
  wrong: boolean,
  message: string,
  path: FieldPath = [],
  advice?: string,
): readonly Violation[] {
  if (!wrong) return [];
  return [{ path, message, ...(advice === undefined ? {} : { advice }) }];
}

/** Reads a field whatever the value's type; undefined where it is absent. */
export function fieldOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/**
 * The two rules for a field that belongs to one value of a field such as `type`: it is there then, and only then.
 * `ids` are those of the rule against its presence, and of the rule for it.
 */
export function fieldOfMember(
  tag: string,
  member: string,
  field: string,
  ids: { readonly misplaced: string; readonly missing: string },
): readonly Rule<object>[] {
  return [
    {
      id: ids.misplaced,
      find: (value) =>
        violationIf(
          fieldOf(value, field) !== undefined && fieldOf(value, tag) !== member,
          `belongs to ${tag} ${JSON.stringify(member)}, but ${tag} is ${JSON.stringify(fieldOf(value, tag))}`,
          [field],
          `Remove "${field}", or set "${tag}" to ${JSON.stringify(member)}`,
        ),
    },
    {
      id: ids.missing,
      find: (value) =>
        violationIf(
          fieldOf(value, field) === undefined && fieldOf(value, tag) === member,
          `is missing: ${tag} ${JSON.stringify(member)} needs it`,
          [field],
        ),
    },
  ];
}

/** A field is there exactly for some values of the field `tag`. */
export function onlyFor(id: string, tag: string, members: readonly unknown[], field: string): Rule<object> {
  return {
    id,
    find: (value) => {
      const wanted = members.includes(fieldOf(value, tag));
      const present = fieldOf(value, field) !== undefined;
      const said = `${tag} ${JSON.stringify(fieldOf(value, tag))}`;
      return violationIf(wanted !== present, wanted ? `is missing: ${said} needs it` : `does not go with ${said}`, [
        field,
      ]);
    },
  };
}

/** At most one item of a list may have this `type`. */
export function typeOnce(type: string): Rule<readonly { readonly type: string }[]> {
  return {
    id: `${type} filter cannot be repeated`,
    find: (items) => {
      const positions = items.flatMap((item, index) => (item.type === type ? [index] : []));
      return positions.slice(1).map((position) => ({
        path: [position],
        message: `there can be only one filter of type ${type}, and item ${positions[0] ?? 0} is one already`,
      }));
    },
  };
}

/** No two items give the same key; items whose key is undefined are left alone. */
export function uniqueBy<T>(
  id: string,
  keyOf: (item: T) => string | undefined,
  describe: (item: T) => string,
  field?: string,
): Rule<readonly T[]> {
  return {
    id,
    find: (items) => {
      const first = new Map<string, number>();
      return items.flatMap((item, index) => {
        const key = keyOf(item);
        if (key === undefined) return [];
        const earlier = first.get(key);
        if (earlier === undefined) first.set(key, index);
        return violationIf(
          earlier !== undefined,
          `${describe(item)} is used more than once, first by item ${earlier ?? 0}`,
          field === undefined ? [index] : [index, field],
        );
      });
    },
  };
}
