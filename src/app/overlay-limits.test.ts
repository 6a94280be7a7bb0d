/** What translation keeps overlays from is what provisioning makes: neither room knows the other. */
import { expect, test } from "vitest";
import { type Manifest, manifestsOf } from "../provision/index.ts";
import { installation, wish } from "../provision/testing/example-wish.ts";
import type { JsonValue } from "../resources/index.ts";
import { KEPT, KEPT_IN } from "../translate/index.ts";

const made = manifestsOf(
  {
    ...wish,
    parameters: {
      podDisruptionBudget: { minAvailable: 1 },
      autoscaling: { minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 80 },
    },
  },
  installation,
);
const withReplicas = manifestsOf(wish, installation);
const find = (manifests: readonly Manifest[], name: string): Manifest | undefined =>
  manifests.find(({ kind }) => kind.toLowerCase() === name.toLowerCase());

/** `wanted` as it stands in `found`, with what only `found` has left out, and kept values taken as they are. */
function shownIn(wanted: JsonValue, found: unknown): unknown {
  if (wanted === KEPT) return found === undefined ? undefined : KEPT;
  if (Array.isArray(wanted)) {
    const items: readonly unknown[] = Array.isArray(found) ? found : [];
    return wanted.map((item: JsonValue) => items.map((each) => shownIn(item, each)).find((each) => same(each, item)));
  }
  if (typeof wanted !== "object" || wanted === null) return found;
  return Object.fromEntries(
    Object.entries(wanted).map(([field, value]) => [
      field,
      shownIn(value, (found as Record<string, unknown> | undefined)?.[field]),
    ]),
  );
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

test.each(Object.entries(KEPT_IN))("what overlays must leave of a %s is in what is made", (name, kept) => {
  const found = name === "deployment" ? find(withReplicas, name) : find(made, name);
  expect(shownIn(kept, found)).toEqual(kept);
});
