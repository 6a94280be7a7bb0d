/**
 * Statuses in short, to be written down as data: conditions as "True Accepted", parents by name, and what to compare them with.
 * An expectation names what must be there; what else is there is not its business.
 */
import { expect } from "vitest";
import { portHere } from "./shifted-ports.ts";
import type { OfficialWorld } from "./official-world.ts";

/** By type: "True", or with the reason "False NotAllowedByListeners". */
export type ExpectedConditions = Readonly<Record<string, string>>;

export interface ExpectedListener {
  readonly attached?: number;
  /** All of these are among the supported kinds; an empty list says that there is none. */
  readonly kinds?: readonly string[];
  readonly conditions?: ExpectedConditions;
}

interface AnyCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** Conditions of the object itself. */
export async function expectConditions(
  world: OfficialWorld,
  reference: string,
  expected: ExpectedConditions,
): Promise<void> {
  await world.eventually(() => expectMatch(reference, world.statusOf(reference).conditions ?? [], expected));
}

/**
 * Conditions by parent, written as the parentRef: "name", "name#section", "name:80", with the kind before it where that is no
 * Gateway, and with the namespace, "ns/name", where the reference states it. The parents are these and no others.
 */
export async function expectParents(
  world: OfficialWorld,
  reference: string,
  expected: Readonly<Record<string, ExpectedConditions>>,
): Promise<void> {
  await world.eventually(() => {
    const { parents = [], ancestors = [] } = world.statusOf(reference);
    const entries = [...parents, ...ancestors];
    const here = new Map(Object.entries(expected).map(([parent, conditions]) => [parentHere(parent), conditions]));
    const named = new Map(
      entries.map(({ parentRef, ancestorRef, conditions }) => [nameOf(parentRef ?? ancestorRef), conditions]),
    );
    expect([...named.keys()].toSorted(), `parents of ${reference}`).toEqual([...here.keys()].toSorted());
    for (const [parent, conditions] of here)
      expectMatch(`${reference} at ${parent}`, named.get(parent) ?? [], conditions);
  });
}

/** The listeners are these and no others. */
export async function expectListeners(
  world: OfficialWorld,
  reference: string,
  expected: Readonly<Record<string, ExpectedListener>>,
): Promise<void> {
  await world.eventually(() => {
    const listeners = (world.statusOf(reference).listeners ?? []) as readonly {
      readonly name: string;
      readonly attachedRoutes?: number;
      readonly supportedKinds?: readonly { readonly kind: string }[];
      readonly conditions: readonly AnyCondition[];
    }[];
    expect(listeners.map(({ name }) => name).toSorted(), `listeners of ${reference}`).toEqual(
      Object.keys(expected).toSorted(),
    );
    for (const { name, attachedRoutes, supportedKinds = [], conditions } of listeners) {
      const wanted = expected[name] ?? {};
      if (wanted.attached !== undefined) expect(attachedRoutes, `routes of ${reference}#${name}`).toBe(wanted.attached);
      const found = supportedKinds.map(({ kind }) => kind);
      if (wanted.kinds?.length === 0) expect(found, `kinds of ${reference}#${name}`).toEqual([]);
      else expect(found, `kinds of ${reference}#${name}`).toEqual(expect.arrayContaining([...(wanted.kinds ?? [])]));
      expectMatch(`${reference}#${name}`, conditions, wanted.conditions ?? {});
    }
  });
}

/** What the suite asks before it sends requests: the routes are accepted, and every listener of the Gateway serves. */
export async function expectAccepted(
  world: OfficialWorld,
  parent: string,
  ...routes: readonly string[]
): Promise<void> {
  const gateway = parent.includes(" ") ? parent : `Gateway ${parent}`;
  await expectEveryListener(world, gateway, { Accepted: "True", ResolvedRefs: "True", Programmed: "True" });
  for (const route of routes) await expectRouteConditions(world, route, { Accepted: "True Accepted" });
}

async function expectEveryListener(
  world: OfficialWorld,
  reference: string,
  expected: ExpectedConditions,
): Promise<void> {
  await world.eventually(() => {
    const { listeners = [] } = world.statusOf(reference);
    expect(listeners, `listeners of ${reference}`).not.toEqual([]);
    for (const { name, conditions } of listeners) expectMatch(`${reference}#${name}`, conditions, expected);
  });
}

/** The addresses of a Gateway's status, all of them. */
export async function expectAddresses(
  world: OfficialWorld,
  reference: string,
  expected: readonly { readonly type: string; readonly value: string }[],
): Promise<void> {
  await world.eventually(() => expect(world.statusOf(reference)).toMatchObject({ addresses: expected }));
}

/** How many ListenerSets are attached to the Gateway. */
export async function expectAttachedListenerSets(world: OfficialWorld, gateway: string, count: number): Promise<void> {
  await world.eventually(() => {
    const { attachedListenerSets = 0 } = world.statusOf(`Gateway ${gateway}`) as { attachedListenerSets?: number };
    expect(attachedListenerSets, `ListenerSets of ${gateway}`).toBe(count);
  });
}

/** The conditions at each of its parents. */
export async function expectRouteConditions(
  world: OfficialWorld,
  route: string,
  expected: ExpectedConditions,
): Promise<void> {
  await world.eventually(() => {
    const { parents = [] } = world.statusOf(route);
    expect(parents, `parents of ${route}`).not.toEqual([]);
    for (const { conditions } of parents) expectMatch(route, conditions, expected);
  });
}

function expectMatch(what: string, conditions: readonly AnyCondition[], expected: ExpectedConditions): void {
  const found = new Map(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
  const shown = Object.entries(expected).map(([type, wanted]) => {
    const condition = found.get(type) ?? "absent";
    return [type, wanted.includes(" ") ? condition : (condition.split(" ")[0] ?? "")] as const;
  });
  expect(Object.fromEntries(shown), `conditions of ${what}`).toEqual(expected);
}

function parentHere(parent: string): string {
  return parent.replace(/:(\d+)$/, (_, port: string) => `:${portHere(Number(port))}`);
}

function nameOf(reference: object | undefined): string {
  const {
    kind = "Gateway",
    namespace,
    name,
    sectionName,
    port,
  } = (reference ?? {}) as {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly sectionName?: string;
    readonly port?: number;
  };
  const place = `${namespace === undefined ? "" : `${namespace}/`}${name}`;
  const point = `${sectionName === undefined ? "" : `#${sectionName}`}${port === undefined ? "" : `:${port}`}`;
  return `${kind === "Gateway" ? "" : `${kind} `}${place}${point}`;
}
