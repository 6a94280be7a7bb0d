/** What other controllers wrote into a status stays: as the API server's copy would be merged with what Trilith states. */
import { expect } from "vitest";
import { mergeStatus, type StatedStatus, type StoredStatus } from "../../src/status/index.ts";
import type { OfficialWorld } from "./official-world.ts";

const NOW = "2026-01-02T00:00:00Z";

const foreignCondition = {
  type: "Accepted",
  status: "True" as const,
  reason: "Accepted",
  message: "",
  observedGeneration: 1,
  lastTransitionTime: "2026-01-01T00:00:00Z",
};

/** Adds what another controller could have written, edits the object, and expects both parts in the merged status. */
export async function expectForeignStatusKept(
  world: OfficialWorld,
  reference: string,
  path: readonly (string | number)[],
  value: unknown,
): Promise<void> {
  const before = world.statusOf(reference);
  const seeded = withForeignParts(before);
  await world.set(reference, path, value);
  const stated = await world.eventually(() => {
    world.statusOf(reference);
    return world.statedStatusOf(reference) as StatedStatus;
  });
  const merged = mergeStatus(seeded, stated, "trilith.dev/gateway-controller", NOW);
  expect(foreignPartsOf(merged)).toEqual(foreignPartsOf(seeded));
  expect(foreignPartsOf(merged)).not.toEqual(foreignPartsOf(before));
}

function withForeignParts(status: StoredStatus): StoredStatus {
  const { conditions, listeners, parents, ancestors } = status;
  const condition = { ...foreignCondition, type: "example.com/Seeded" };
  const reference = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "unmanaged-gateway" };
  const entry = { controllerName: "example.com/other", conditions: [foreignCondition] };
  return {
    ...status,
    ...(conditions && { conditions: [...conditions, condition] }),
    ...(listeners && {
      listeners: listeners.map((listener) => ({ ...listener, conditions: [...listener.conditions, condition] })),
    }),
    ...(parents && { parents: [...parents, { parentRef: reference, ...entry }] }),
    ...(ancestors && { ancestors: [...ancestors, { ancestorRef: reference, ...entry }] }),
  };
}

function foreignPartsOf({ conditions = [], listeners = [], parents = [], ancestors = [] }: StoredStatus): object {
  const isForeign = ({ type }: { readonly type: string }): boolean => type.startsWith("example.com/");
  return {
    conditions: conditions.filter(isForeign),
    listeners: listeners.map((listener) => listener.conditions.filter(isForeign)),
    entries: [...parents, ...ancestors].filter(({ controllerName }) => controllerName === "example.com/other"),
  };
}
