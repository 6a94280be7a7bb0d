/**
 * Envoy resources as records: one encoded message with its name, the version of its bytes, what it needs, and what it was
 * made of. The shape is the one that the `xds` room takes, so that records travel without being looked into again.
 *
 * Encoding is deterministic: equal model data gives equal bytes, hence an equal version, and nothing is sent for nothing.
 */
import { toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { isAudience, type ProxyKey } from "../model/index.ts";
import { contentHash } from "./content-hash.ts";

export type ResourceKind =
  | "listener"
  | "routeScope"
  | "routeTable"
  | "virtualHost"
  | "cluster"
  | "endpoints"
  | "secret"
  | "extension";

export interface ResourceId {
  readonly kind: ResourceKind;
  readonly name: string;
}

export interface EnvoyRecord extends ResourceId {
  /** A hash of the bytes. */
  readonly version: string;
  /** The encoded message: the value of the Any that carries it. */
  readonly bytes: Uint8Array;
  /** What proxies at a place have instead (`Place`). */
  readonly at?: Readonly<Record<string, Pick<EnvoyRecord, "version" | "bytes">>>;
  /** What the proxy must have, or be able to get, before this can serve. */
  readonly needs: readonly ResourceId[];
  /** Ready only when the proxy says so itself: a cluster whose endpoints are to pass a health check first. */
  readonly awaits?: "warm";
  /** The proxies that get it unasked; with neither these nor an audience: each one that has something which needs it. */
  readonly proxies?: readonly ProxyKey[];
  /** Many proxies under one name: nobody else gets this record. A narrower audience's has the place of a wider one's. */
  readonly audience?: ProxyKey;
  /** All of the audience get it unasked. */
  readonly unasked?: true;
  /** The rules (`HTTPRoute/shop/cart#0`), backends (`Service/shop/cart:80`), listeners or secrets behind it. */
  readonly origins: readonly string[];
}

/**
 * The largest message that travels: Envoy's gRPC client receives 4 MiB at most, the server sends 3 MiB at most, and the
 * names and versions around a resource need a little room.
 */
export const MAX_RESOURCE_BYTES: number = 3 * 1024 * 1024 - 16 * 1024;

/** A resource that cannot travel. Thrown by a derivation, so that the last version that fitted stays in force. */
export class ResourceTooLargeError extends Error {
  override readonly name = "ResourceTooLargeError";
  readonly resource: ResourceId;
  readonly origins: readonly string[];
  readonly sizeBytes: number;
  readonly maxBytes: number = MAX_RESOURCE_BYTES;

  constructor(resource: ResourceId, origins: readonly string[], sizeBytes: number) {
    super(
      `${resource.kind} ${resource.name} takes ${sizeBytes} bytes, and a message may have ${MAX_RESOURCE_BYTES}: ` +
        `spread its ${origins.length} sources (the first is ${origins[0] ?? "unknown"}) over more hostnames or listeners`,
    );
    this.resource = resource;
    this.origins = origins;
    this.sizeBytes = sizeBytes;
  }
}

/** Encodes a resource. Throws ResourceTooLargeError when it could not be sent. */
export function recordOf<Desc extends DescMessage>(
  description: Omit<EnvoyRecord, "version" | "bytes">,
  schema: Desc,
  message: MessageShape<Desc>,
): EnvoyRecord {
  const bytes = toBinary(schema, message);
  if (bytes.byteLength > MAX_RESOURCE_BYTES) {
    const { kind, name, origins } = description;
    throw new ResourceTooLargeError({ kind, name }, origins, bytes.byteLength);
  }
  return { ...description, version: contentHash(bytes), bytes };
}

/** The key of a record within the graph. */
export const recordKey = ({ kind, name, audience }: ResourceId & Pick<EnvoyRecord, "audience">): string =>
  `${kind}/${name}${audience === undefined ? "" : `@${audience}`}`;

/** Who gets what the model makes for this proxy, which gets it unasked, or for this audience: those of it that have what needs it. */
export const forProxies = (proxy: ProxyKey): Pick<EnvoyRecord, "proxies" | "audience"> =>
  isAudience(proxy) ? { audience: proxy } : { proxies: [proxy] };

/** Whether two records of one key say the same: bytes are compared by their version. */
export function isSameRecord(a: EnvoyRecord, b: EnvoyRecord): boolean {
  return (
    a.version === b.version &&
    isSameList(placedVersions(a), placedVersions(b)) &&
    a.awaits === b.awaits &&
    isSameList(a.needs.map(recordKey), b.needs.map(recordKey)) &&
    isSameList(a.origins, b.origins) &&
    a.unasked === b.unasked &&
    isSameList(a.proxies ?? [], b.proxies ?? [])
  );
}

const placedVersions = ({ at = {} }: EnvoyRecord): string[] =>
  Object.entries(at).map(([place, { version }]) => `${place} ${version}`);

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
