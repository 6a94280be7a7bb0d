/**
 * Strategic merge patches, as kubectl has them: objects are merged field by field, a null takes a field away, lists of things
 * with a name are merged by it, and every other list is replaced. Only for the kinds that are made for Gateways, of which the
 * table below knows the lists. Pure; neither object is changed.
 *
 * Of the directives, `$patch: delete`, `replace` and `merge` are known, in an object, and in an item of a list that is merged
 * (`replace` without a name: of the whole list); others are told. Whether there is a problem depends on the patch alone: where
 * it has a list in the place of an object, or the like, it replaces what was there.
 *
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
import { isJsonList, isJsonObject, type JsonObject, type JsonValue, showJson } from "./json.ts";

export type Merged =
  | { readonly object: JsonObject }
  | {
      readonly problem: {
        /** Of the field in the object: `spec.template.spec.containers[name=envoy].env`. */
        readonly path: string;
        /** Can follow the path. */
        readonly message: string;
      };
    };

/** The fields by which items are the same, with what counts where one is absent. */
type ItemKey = Readonly<Record<string, JsonValue>>;

/** No default: the item must have it. */
const REQUIRED = null;
const BY_NAME: ItemKey = { name: REQUIRED };

const ITEM_KEYS: Readonly<Record<string, ItemKey>> = {
  ...podLists("spec.template.spec"),
  // Of a Service. By the port alone, one for TCP and one for UDP would be the same.
  "spec.ports": { port: REQUIRED, protocol: "TCP" },
  // Of a ServiceAccount.
  secrets: BY_NAME,
  imagePullSecrets: BY_NAME,
};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec ("Patch strategy: merge on key") */
function podLists(spec: string): Record<string, ItemKey> {
  const ofContainers = (list: string): Record<string, ItemKey> => ({
    [`${spec}.${list}`]: BY_NAME,
    [`${spec}.${list}[].env`]: BY_NAME,
    [`${spec}.${list}[].ports`]: { containerPort: REQUIRED, protocol: "TCP" },
    [`${spec}.${list}[].volumeMounts`]: { mountPath: REQUIRED },
    [`${spec}.${list}[].volumeDevices`]: { devicePath: REQUIRED },
    [`${spec}.${list}[].resources.claims`]: BY_NAME,
  });
  return {
    ...ofContainers("containers"),
    ...ofContainers("initContainers"),
    [`${spec}.volumes`]: BY_NAME,
    [`${spec}.imagePullSecrets`]: BY_NAME,
    [`${spec}.hostAliases`]: { ip: REQUIRED },
    [`${spec}.topologySpreadConstraints`]: { topologyKey: REQUIRED },
    [`${spec}.schedulingGates`]: BY_NAME,
    [`${spec}.resourceClaims`]: BY_NAME,
  };
}

export function strategicMerge(base: JsonObject, patch: JsonObject): Merged {
  try {
    const object = mergeObject(base, patch, { shown: "", known: "" });
    return { object: object ?? {} };
  } catch (error) {
    if (error instanceof Unmergeable) return { problem: { path: error.path, message: error.message } };
    throw error;
  }
}

/** Does not leave this module. */
class Unmergeable extends Error {
  readonly path: string;

  constructor({ shown }: Place, message: string) {
    super(message);
    this.path = shown;
  }
}

interface Place {
  /** With the items of lists by name. */
  readonly shown: string;
  /** As the table of lists has it. */
  readonly known: string;
}

const fieldOf = ({ shown, known }: Place, field: string): Place => ({
  shown: shown === "" ? field : `${shown}.${field}`,
  known: known === "" ? field : `${known}.${field}`,
});

const itemOf = ({ shown, known }: Place, item: JsonObject, key: ItemKey): Place => ({
  shown: `${shown}[${Object.keys(key)
    .flatMap((field) => (item[field] === undefined ? [] : `${field}=${showJson(item[field])}`))
    .join(",")}]`,
  known: `${known}[]`,
});

/** Undefined: there is nothing any more. */
function mergeValue(base: JsonValue | undefined, patch: JsonValue, place: Place): JsonValue | undefined {
  if (patch === null) return undefined;
  if (isJsonList(patch)) return mergeList(isJsonList(base) ? base : [], patch, place);
  if (Object.hasOwn(ITEM_KEYS, place.known)) throw new Unmergeable(place, "is a list");
  return isJsonObject(patch) ? mergeObject(isJsonObject(base) ? base : {}, patch, place) : patch;
}

function mergeObject(base: JsonObject, patch: JsonObject, place: Place): JsonObject | undefined {
  const { $patch: directive = "merge", ...fields } = patch;
  const unknown = Object.keys(fields).find((field) => field.startsWith("$"));
  if (unknown !== undefined) throw new Unmergeable(place, `has ${unknown}, a directive that Trilith does not know`);
  if (directive === "delete") return undefined;
  if (directive === "replace") return mergeObject({}, fields, place);
  if (directive !== "merge")
    throw new Unmergeable(place, `has $patch: ${showJson(directive)}, which must be merge, replace or delete`);
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [field, value] of Object.entries(fields)) {
    const after = mergeValue(merged.get(field), value, fieldOf(place, field));
    if (after === undefined) merged.delete(field);
    else merged.set(field, after);
  }
  return Object.fromEntries(merged);
}

function mergeList(base: readonly JsonValue[], patch: readonly JsonValue[], place: Place): readonly JsonValue[] {
  const key = Object.hasOwn(ITEM_KEYS, place.known) ? ITEM_KEYS[place.known] : undefined;
  if (key === undefined) return patch;
  const items = patch.map((item) => {
    if (!isJsonObject(item)) throw new Unmergeable(place, "has an item that is no object");
    return item;
  });
  const isWhole = (item: JsonObject): boolean => item["$patch"] === "replace" && Object.keys(item).length === 1;
  const merged = items.some(isWhole) ? [] : base.filter(isJsonObject);
  for (const item of items.filter((each) => !isWhole(each))) {
    const itemPlace = itemOf(place, item, key);
    const missing = Object.entries(key).find(([field, unstated]) => unstated === REQUIRED && item[field] === undefined);
    if (missing) throw new Unmergeable(itemPlace, `has an item without ${missing[0]}, by which its items are merged`);
    const at = merged.findIndex((other) => isSameItem(other, item, key));
    const after = mergeObject(merged[at] ?? {}, item, itemPlace);
    merged.splice(at === -1 ? merged.length : at, at === -1 ? 0 : 1, ...(after ? [after] : []));
  }
  return merged;
}

const isSameItem = (a: JsonObject, b: JsonObject, key: ItemKey): boolean =>
  Object.entries(key).every(([field, unstated]) => (a[field] ?? unstated) === (b[field] ?? unstated));
