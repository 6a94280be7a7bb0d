/**
 * What of a written status, and of what translation finds, is worth an Event: an object is no longer accepted, programmed or
 * complete; something was found that no condition tells; a Gateway has got its address. Pure.
 */
import type { Condition, ObjectKey } from "../resources/index.ts";
import type { StoredStatus } from "./merge-status.ts";

/** As `kubectl describe` shows it. */
export interface News {
  readonly type: "Normal" | "Warning";
  /** In UpperCamelCase, short, for programs. */
  readonly reason: string;
  /** What the control plane did: a verb. */
  readonly action: string;
  readonly note: string;
}

/** What translation found, and a person should know. */
export interface FoundProblem {
  readonly key: string;
  readonly object: ObjectKey;
  readonly severity: "error" | "warning" | "info";
  /** In kebab case. */
  readonly code: string;
  readonly path?: string;
  readonly message: string;
  readonly advice?: string;
}

const TOLD_TYPES: ReadonlySet<string> = new Set(["Accepted", "Programmed", "ResolvedRefs", "trilith.dev/Programmed"]);
/** What every object goes through before it works. */
const PASSING_REASON = "Pending";

/** What `after` says that `before` did not. `found` are the problems of the object, which know better where they are. */
export function newsOfStatus(
  before: StoredStatus | undefined,
  after: StoredStatus | undefined,
  { controllerName, found }: { readonly controllerName: string; readonly found: readonly FoundProblem[] },
): readonly News[] {
  const known = new Set(badConditions(before, controllerName).map(identify));
  const news = badConditions(after, controllerName)
    .filter((bad) => !known.has(identify(bad)))
    .map(({ place, condition: { reason, message } }): News => {
      const problem = found.find((candidate) => isAbout(candidate, reason));
      const where = place === undefined ? "" : `${place}: `;
      return { type: "Warning", reason, action: "Translate", note: problem ? noteOf(problem) : `${where}${message}` };
    });
  return [
    ...new Map([...news, ...newsOfAddresses(before, after)].map((item) => [item.reason + item.note, item])).values(),
  ];
}

/** Undefined where a condition of the object tells the same. */
export function newsOfProblem(
  problem: FoundProblem,
  status: StoredStatus | undefined,
  controllerName: string,
): News | undefined {
  if (problem.severity === "info") return undefined;
  const bad = badConditions(status, controllerName);
  if (bad.some(({ condition }) => isAbout(problem, condition.reason))) return undefined;
  return { type: "Warning", reason: camelOf(problem.code), action: "Translate", note: noteOf(problem) };
}

interface BadCondition {
  /** Which listener, where it is not the object as a whole. */
  readonly place?: string;
  readonly condition: Condition;
}

function badConditions(status: StoredStatus | undefined, controllerName: string): BadCondition[] {
  const { conditions = [], listeners = [], parents = [], ancestors = [] } = status ?? {};
  const own = [...parents, ...ancestors].filter((entry) => entry.controllerName === controllerName);
  return [
    ...conditions.map((condition) => ({ condition })),
    ...own.flatMap((entry) => entry.conditions.map((condition) => ({ condition }))),
    ...listeners.flatMap(({ name, conditions: of }) =>
      of.map((condition) => ({ place: `Listener ${name}`, condition })),
    ),
  ].filter(
    ({ condition: { type, status: verdict, reason } }) =>
      verdict === "False" && TOLD_TYPES.has(type) && reason !== PASSING_REASON,
  );
}

/** Another message for the same reason is no news. */
const identify = ({ place = "", condition }: BadCondition): string => `${place}|${condition.type}|${condition.reason}`;

function newsOfAddresses(before: StoredStatus | undefined, after: StoredStatus | undefined): News[] {
  const [old, now] = [addressesOf(before), addressesOf(after)];
  if (now.length === 0 || now.join() === old.join()) return [];
  return [{ type: "Normal", reason: "AddressAssigned", action: "Assign", note: `It is reached at ${now.join(", ")}` }];
}

function addressesOf(status: (StoredStatus & { readonly addresses?: unknown }) | undefined): readonly string[] {
  const addresses = status?.addresses;
  return Array.isArray(addresses)
    ? addresses.map((address: { readonly value?: unknown }) => String(address.value))
    : [];
}

/** "route-not-allowed-by-listeners" is about the reason NotAllowedByListeners. */
const isAbout = ({ code }: FoundProblem, reason: string): boolean => camelOf(code).endsWith(reason);

const camelOf = (code: string): string => code.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

const noteOf = ({ path, message, advice }: FoundProblem): string =>
  [path === undefined ? message : `${path}: ${message}`, ...(advice === undefined ? [] : [advice])].join(". ");
