/** Schemas of metadata and of label selectors. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
import type { LabelSelector, LabelSelectorRequirement, NamespacedObjectMeta, ObjectMeta } from "../types/meta.ts";
import type { OwnerReference } from "../types/meta.ts";
import { boolean, integer, list, map, object, string } from "./construct.ts";
import { dnsLabel, labelValue, qualifiedName, type Pattern } from "./pattern.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { ObjectSchema, Schema } from "./schema.ts";

type Texts = Readonly<Record<string, string>>;

/** Whether a text is a qualified name: a name of up to 63 characters, perhaps after a domain of up to 253. */
export function isQualifiedName(key: string): boolean {
  return qualifiedName.expression.test(key) && (!key.includes("/") || key.indexOf("/") <= 253);
}

/** Keys of labels and annotations; `id` names the rule, `normalize` what is done to a key before it is looked at. */
function qualifiedKeys(id: string, normalize: (key: string) => string = (key) => key): Rule<Texts> {
  return {
    id,
    find: (values) =>
      Object.keys(values).flatMap((key) =>
        violationIf(
          !isQualifiedName(normalize(key)),
          `${JSON.stringify(key)} is no valid key: it must be ${qualifiedName.description}`,
          [key],
        ),
      ),
  };
}

const maxAnnotationLength = 256 * 1024;

const annotationsSize: Rule<Texts> = {
  id: "total size of annotations",
  find: (values) => {
    const size = Object.entries(values).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    return violationIf(
      size > maxAnnotationLength,
      `are ${size} long in total, but at most ${maxAnnotationLength} are allowed`,
    );
  },
};

const labels: Schema<Texts> = map<string>(string({ maxLength: 63, pattern: labelValue }), {
  nullValue: "",
  rules: [qualifiedKeys("label keys")],
});

/** Everything that the API server keeps of an object's metadata and that Trilith passes on or passes over. */
type Metadata = NamespacedObjectMeta & {
  readonly generateName?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly managedFields?: readonly object[];
  readonly selfLink?: string;
};

const singleController: Rule<readonly OwnerReference[]> = {
  id: "single controller",
  find: (owners) => {
    const controllers = owners.flatMap(({ controller }, index) => (controller === true ? [index] : []));
    return controllers.slice(1).map((index) => ({
      path: [index, "controller"],
      message: `there can be only one owner that is the controller, and item ${controllers[0] ?? 0} is one already`,
    }));
  },
};

const anything: ObjectSchema<object> = { type: "object", properties: {}, required: [], preserveUnknown: true };

function properties(name: Pattern, maxLength: number): ObjectSchema<Metadata>["properties"] {
  return {
    name: string({ minLength: 1, maxLength, pattern: name }),
    namespace: string({ maxLength: 63, pattern: dnsLabel }),
    labels,
    annotations: map<string>(string(), {
      nullValue: "",
      rules: [qualifiedKeys("annotation keys", (key) => key.toLowerCase()), annotationsSize],
    }),
    generation: integer({ format: "int64", minimum: 0 }),
    creationTimestamp: string({ format: "date-time" }),
    deletionTimestamp: string({ format: "date-time" }),
    deletionGracePeriodSeconds: integer({ format: "int64" }),
    uid: string(),
    resourceVersion: string(),
    ownerReferences: list<OwnerReference>(
      object<OwnerReference>(
        {
          apiVersion: string({ minLength: 1 }),
          kind: string({ minLength: 1 }),
          name: string({ minLength: 1 }),
          uid: string({ minLength: 1 }),
          controller: boolean,
          blockOwnerDeletion: boolean,
        },
        ["apiVersion", "kind", "name", "uid"],
      ),
      { rules: [singleController] },
    ),
    finalizers: list<string>(string()),
    generateName: string(),
    managedFields: list<object>(anything),
    selfLink: string(),
  };
}

/** Metadata of a namespaced kind, whose names match this pattern. */
export function namespacedMetadata(name: Pattern, maxLength: number): Schema<NamespacedObjectMeta> {
  return { type: "object", properties: properties(name, maxLength), required: ["name", "namespace"] };
}

/** Metadata of a cluster-scoped kind, whose names match this pattern. */
export function clusterMetadata(name: Pattern, maxLength: number): Schema<ObjectMeta> {
  return { type: "object", properties: properties(name, maxLength), required: ["name"] };
}

export const labelSelector: Schema<LabelSelector> = object<LabelSelector>({
  matchExpressions: list<LabelSelectorRequirement>(
    object<LabelSelectorRequirement>({ key: string(), operator: string(), values: list<string>(string()) }, [
      "key",
      "operator",
    ]),
  ),
  matchLabels: map<string>(string()),
});
