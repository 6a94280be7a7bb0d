/**
 * Amounts of resources, as far as GatewayParameters takes them: a number, perhaps with a suffix.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
import type { Quantity } from "./types/gateway-parameters.ts";

const THOUSANDTHS: ReadonlyMap<string, bigint> = new Map([
  ["m", 1n],
  ["", 1000n],
  ["k", 1000n ** 2n],
  ["M", 1000n ** 3n],
  ["G", 1000n ** 4n],
  ["T", 1000n ** 5n],
  ["Ki", 1000n * 1024n],
  ["Mi", 1000n * 1024n ** 2n],
  ["Gi", 1000n * 1024n ** 3n],
  ["Ti", 1000n * 1024n ** 4n],
]);

/** Exactly, in millionths of the unit, so that two can be compared; undefined where it is no such amount. */
export function millionthsOf(quantity: Quantity): bigint | undefined {
  const [, whole, fraction = "", suffix = ""] = /^([0-9]+)(?:\.([0-9]{1,3}))?([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  const factor = THOUSANDTHS.get(suffix);
  if (whole === undefined || factor === undefined) return undefined;
  return BigInt(whole + fraction.padEnd(3, "0")) * factor;
}
