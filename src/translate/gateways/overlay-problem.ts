/**
 * Why overlays cannot be laid over what is made for Gateways, whatever the Gateway is: because they do not fit the objects, or
 * because they would take away what Trilith relies on. What they would make of an object that only the API server can judge (an
 * unknown field, a container without an image) it says itself when it is asked for it.
 */
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Overlays,
  showJson,
  strategicMerge,
} from "../../resources/index.ts";
import { KEPT_IN, METADATA_FIELDS, REFUSED_FIELDS, REFUSED_IN } from "./overlay-limits.ts";

/** Can follow the name of the GatewayParameters; undefined where nothing is wrong. */
export function overlayProblem(overlays: Overlays = {}): string | undefined {
  for (const [name, overlay] of Object.entries(overlays) as [keyof Overlays, JsonObject][]) {
    const problem = refusedIn(name, overlay) ?? lostBy(name, overlay);
    if (problem !== undefined) return `overlays.${name}: ${problem}`;
  }
  return undefined;
}

function refusedIn(name: keyof Overlays, { metadata, spec, ...others }: JsonObject): string | undefined {
  const [stated, ofMetadata, ofSpec] = [others, metadata, spec].map((part) =>
    isJsonObject(part) ? Object.keys(part) : [],
  );
  const refused = [
    ...(stated ?? []).filter((field) => REFUSED_FIELDS.includes(field)),
    ...(ofMetadata ?? [])
      .filter((field) => !METADATA_FIELDS.includes(field) && field !== "$patch")
      .map((field) => `metadata.${field}`),
    ...(ofSpec ?? []).filter((field) => REFUSED_IN[name]?.includes(field)).map((field) => `spec.${field}`),
  ];
  return refused[0] === undefined ? undefined : `${refused[0]} is not for overlays to state`;
}

function lostBy(name: keyof Overlays, overlay: JsonObject): string | undefined {
  const kept = KEPT_IN[name];
  const merged = strategicMerge(kept, overlay);
  if ("problem" in merged) return `${merged.problem.path || "it"} ${merged.problem.message}`;
  const lost =
    missingIn(kept, merged.object, "") ?? (name === "service" ? (takenPort(overlay) ?? movedPort(overlay)) : undefined);
  return lost === undefined ? undefined : `${lost} may not be changed or taken away, since Trilith relies on it`;
}

/** Of the ports of listeners none may go, whichever they are: by one, or as a list that is replaced. */
function takenPort({ spec }: JsonObject): string | undefined {
  if (!isJsonObject(spec) || spec["ports"] === undefined) return undefined;
  if (!isJsonList(spec["ports"])) return "spec.ports";
  const taken = spec["ports"].find((port) => isJsonObject(port) && Object.hasOwn(port, "$patch"));
  return isJsonObject(taken)
    ? `spec.ports${taken["port"] === undefined ? "" : `[port=${showJson(taken["port"])}]`}`
    : undefined;
}

/**
 * Envoy listens on the ports of the Service themselves, and other containers that have a port of their own can have it under the same
 * number.
 */
function movedPort({ spec }: JsonObject): string | undefined {
  const ports = isJsonObject(spec) && isJsonList(spec["ports"]) ? spec["ports"].filter(isJsonObject) : [];
  const moved = ports.find((port) => port["targetPort"] !== undefined && port["targetPort"] !== port["port"]);
  return moved && `spec.ports[port=${showJson(moved["port"] ?? null)}].targetPort`;
}

/** The path of the first thing in `wanted` that is not in `found`. Items of lists may stand anywhere. */
function missingIn(wanted: JsonValue, found: JsonValue | undefined, path: string): string | undefined {
  if (isJsonList(wanted)) {
    const items = isJsonList(found) ? found : [];
    return firstOf(wanted, (item) => missingItem(item, items, path));
  }
  if (!isJsonObject(wanted)) return wanted === found ? undefined : path;
  if (!isJsonObject(found)) return path;
  return firstOf(Object.entries(wanted), ([field, value]) =>
    missingIn(value, found[field], path === "" ? field : `${path}.${field}`),
  );
}

/** Items are known by their first field. */
function missingItem(wanted: JsonValue, items: readonly JsonValue[], path: string): string | undefined {
  const [field = "", identity] = isJsonObject(wanted) ? (Object.entries(wanted)[0] ?? []) : [];
  const same = items.find((item) => isJsonObject(item) && item[field] === identity);
  return missingIn(wanted, same, `${path}[${field}=${showJson(identity)}]`);
}

function firstOf<T>(values: Iterable<T>, find: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
