/** Schemas of references, and the rules about lists of them. */
import { experimentalGroup, gatewayGroup } from "../kinds.ts";
import type {
  BackendObjectReference,
  BackendRef,
  LocalObjectReference,
  ObjectReference,
  ParentReference,
  SecretObjectReference,
} from "../types/references.ts";
import { group, integer, kind, namespaceName, object, objectName, portNumber, sectionName } from "./construct.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { ObjectSchema, Schema } from "./schema.ts";

export const localObjectReference: Schema<LocalObjectReference> = object<LocalObjectReference>(
  { group: group(), kind: kind(), name: objectName },
  ["group", "kind", "name"],
);

export const objectReference: Schema<ObjectReference> = object<ObjectReference>(
  { group: group(), kind: kind(), name: objectName, namespace: namespaceName },
  ["group", "kind", "name"],
);

export const secretObjectReference: Schema<SecretObjectReference> = object<SecretObjectReference>(
  { group: group(""), kind: kind("Secret"), name: objectName, namespace: namespaceName },
  ["name"],
);

const backendRules: readonly Rule<BackendObjectReference>[] = [
  {
    id: "Must have port for Service reference",
    find: (reference) =>
      violationIf(
        reference.group === "" && reference.kind === "Service" && reference.port === undefined,
        `a reference to a Service needs a port, and the one to "${reference.name}" has none`,
        ["port"],
      ),
  },
  {
    id: "Must not have port for Backend reference",
    find: (reference) =>
      violationIf(
        reference.group === experimentalGroup && reference.kind === "XBackend" && reference.port !== undefined,
        `a reference to an XBackend has no port: "${reference.name}" states its own`,
        ["port"],
        `Remove "port"`,
      ),
  },
];

const backendProperties: ObjectSchema<BackendObjectReference>["properties"] = {
  group: group(""),
  kind: kind("Service"),
  name: objectName,
  namespace: namespaceName,
  port: portNumber,
};

export const backendObjectReference: Schema<BackendObjectReference> = object<BackendObjectReference>(
  backendProperties,
  ["name"],
  { rules: backendRules },
);

/** A backend reference with a weight, and what else a kind of route adds to it. */
export function backendRef<T extends BackendRef>(
  more: Omit<ObjectSchema<T>["properties"], keyof BackendRef>,
): ObjectSchema<T> {
  const weight = integer({ minimum: 0, maximum: 1_000_000, default: 1 });
  const properties = { ...backendProperties, weight, ...more } as unknown as ObjectSchema<T>["properties"];
  return {
    type: "object",
    properties,
    required: ["name"] as unknown as ObjectSchema<T>["required"],
    rules: backendRules,
  };
}

/** From a route, and from the entries of its status, to a parent. */
export const parentReference: Schema<ParentReference> = object<ParentReference>(
  {
    group: group(gatewayGroup),
    kind: kind("Gateway"),
    name: objectName,
    namespace: namespaceName,
    sectionName,
    port: portNumber,
  },
  ["name"],
);

interface Target {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

const targetKey = ({ group, kind, namespace = "", name }: Target): string => `${group}/${kind}/${namespace}/${name}`;

/**
 * The two rules on several references to one object: either all of them name a section (and a port), or none does, and no
 * two are the same.
 */
export function distinctTargets(what: "parentRefs" | "targetRefs"): readonly Rule<readonly Target[]>[] {
  const parents = what === "parentRefs";
  const means = parents ? "sectionName or port" : "sectionName";
  const same = `2 or more references to the same ${parents ? "parent" : "target"}`;
  const shapeOf = (target: Target): string => `${target.sectionName === undefined}/${target.port === undefined}`;
  const identityOf = (target: Target): string =>
    `${targetKey(target)}/${target.sectionName ?? ""}/${target.port ?? ""}`;
  const differsFromFirst = (
    targets: readonly Target[],
    isWrong: (target: Target, earlier: Target) => boolean,
    describe: (target: Target, earlier: number) => string,
  ) =>
    targets.flatMap((target, index) => {
      const earlier = targets.findIndex((other) => targetKey(other) === targetKey(target) && isWrong(target, other));
      return violationIf(earlier !== -1 && earlier < index, describe(target, earlier), [index]);
    });
  return [
    {
      id: `${means} must be specified when ${what} includes ${same}`,
      find: (targets) =>
        differsFromFirst(
          targets,
          (target, earlier) => shapeOf(target) !== shapeOf(earlier),
          ({ kind, name }, earlier) =>
            `item ${earlier} names ${kind} "${name}" too: of several references to one object, all must say which ${means} they mean`,
        ),
    },
    {
      id: `${means} must be unique when ${what} includes ${same}`,
      find: (targets) =>
        differsFromFirst(
          targets,
          (target, earlier) => target !== earlier && identityOf(target) === identityOf(earlier),
          ({ kind, name }, earlier) => `names ${kind} "${name}" in the same way as item ${earlier} does`,
        ),
    },
  ];
}
