/** The YAML of the official tests as plain objects, with the placeholders filled in. Nothing of it is kept in this repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
    readonly generation?: number;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** `file`: without its extension, in the folder `tests`; or `base/manifests`. */
export function officialManifests(suite: string, file: string): Manifest[] {
  const path = join(suite, file.includes("/") ? `${file}.yaml` : `tests/${file}.yaml`);
  const text = readFileSync(path, "utf8")
    .replaceAll("{GATEWAY_CLASS_NAME}", "trilith")
    .replaceAll("{GATEWAY_CONTROLLER_NAME}", "trilith.dev/gateway-controller");
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]?.message}`);
    const value: unknown = document.toJS();
    return isManifest(value) ? [value] : [];
  });
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && "kind" in value && "metadata" in value;
}
