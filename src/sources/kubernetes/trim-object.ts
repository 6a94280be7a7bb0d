/**
 * What is kept of an object from the API server: the parts that something in Trilith reads. Most of an object's bytes are who
 * wrote which field, and a copy of itself in an annotation.
 */
import { type Kind, kinds } from "../../resources/index.ts";

/** An object as the API server sends it; the server has checked it by its own schema. */
export interface SentObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: SentMetadata;
  readonly status?: object;
  readonly [field: string]: unknown;
}

export interface SentMetadata {
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Whether Trilith writes statuses of this kind, and so has to know the one that is stored. */
export const hasOwnStatus = (kind: Kind): boolean =>
  kind === "AccessPolicy" || kind === "BackendPolicy" || kinds[kind].group.startsWith("gateway.networking.");

/** `sent` is not changed. Lists leave out what all of their objects are, so that comes from outside. */
export function trimObject(sent: SentObject, kind: Kind, apiVersion: string): SentObject {
  const metadata = trimMetadata(sent.metadata);
  const named = { apiVersion, kind, metadata };
  if (kind === "Namespace") return { apiVersion, kind, metadata: withoutAnnotations(metadata) };
  if (kind === "EndpointSlice")
    // When it was last changed is one of its annotations, and nothing that anybody reads.
    return { ...sent, ...named, metadata: withoutAnnotations(metadata), endpoints: trimEndpoints(sent["endpoints"]) };
  if (kind === "Pod") return { ...named, metadata: withoutAnnotations(metadata), status: trimPodStatus(sent.status) };
  if (kind === "Secret") return { ...named, type: sent["type"], data: pick(sent["data"], CERTIFICATE_KEYS) };
  return { ...sent, ...named };
}

/** What a certificate can be made of; other values of a Secret are none of Trilith's business, and never in its memory. */
const CERTIFICATE_KEYS: readonly string[] = ["tls.crt", "tls.key", "ca.crt"];

const ENDPOINT_FIELDS: readonly string[] = ["addresses", "conditions", "hostname", "nodeName", "zone", "hints"];

function trimEndpoints(endpoints: unknown): unknown {
  return Array.isArray(endpoints) ? endpoints.map((endpoint: unknown) => pick(endpoint, ENDPOINT_FIELDS)) : [];
}

const POD_FIELDS: readonly string[] = ["phase", "podIPs", "conditions"];

/** Without the times of conditions, which change when nothing else does. */
function trimPodStatus(status: object = {}): object {
  const kept = Object.entries(status).filter(([field]) => POD_FIELDS.includes(field));
  return Object.fromEntries(
    kept.map(([field, value]: [string, unknown]) => [
      field,
      field === "conditions" && Array.isArray(value)
        ? value.map((condition: unknown) => pick(condition, ["type", "status"]))
        : value,
    ]),
  );
}

function pick(value: unknown, fields: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => fields.includes(field)));
}

function trimMetadata(sent: SentMetadata & { readonly managedFields?: unknown }): SentMetadata {
  const { managedFields: _, annotations, ...metadata } = sent;
  const kept = Object.entries(annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  return kept.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(kept) };
}

function withoutAnnotations(whole: SentMetadata): SentMetadata {
  const { annotations: _, ...metadata } = whole;
  return metadata;
}
