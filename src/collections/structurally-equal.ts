/**
 * Equality of plain data: primitives by `Object.is`, arrays by element, plain objects by own property (one that is
 * undefined differs from one that is absent), Uint8Arrays by byte.
 *
 * Anything else (a Map, a Date, an instance of a class) equals only itself. That errs on the safe side: what wrongly
 * counts as changed costs work, what wrongly counts as unchanged would leave old configuration in force.
 */
export function structurallyEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && haveEqualElements(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && haveSameBytes(a, b);
  return isPlain(a) && isPlain(b) && haveEqualProperties(a, b);
}

function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function haveEqualElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, position) => structurallyEqual(element, b[position]));
}

function haveSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, position) => byte === b[position]);
}

function haveEqualProperties(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && structurallyEqual(a[name], b[name]))
  );
}
