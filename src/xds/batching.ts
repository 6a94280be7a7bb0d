/**
 * Keeps messages small enough for any gRPC client: Envoy's google_grpc receives 4 MiB at most by default, and no message is
 * to pass 3 MiB. A response is cut between resources; a single resource beyond the limit can never go out.
 */
import { typeUrlOf } from "./resource.ts";
import type { ResourceRecord } from "./resource.ts";

export const DEFAULT_MAX_MESSAGE_BYTES: number = 3 * 1024 * 1024;

/** Tags and lengths of the fields around a resource, and of a response's own fields, rounded up. */
const RESOURCE_OVERHEAD_BYTES = 64;
const RESPONSE_OVERHEAD_BYTES = 512;
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** An upper bound of a record's share of a message. Endpoints' version on the wire also names their clusters' versions. */
export function messageBytesOf(record: ResourceRecord, wireVersion: string): number {
  const text = record.name.length + wireVersion.length + typeUrlOf(record.kind).length;
  return record.bytes.byteLength + MAX_BYTES_PER_UNIT * text + RESOURCE_OVERHEAD_BYTES;
}

/** How many bytes of resources fit into a response. */
export function capacityOf(maxMessageBytes: number): number {
  return maxMessageBytes - RESPONSE_OVERHEAD_BYTES;
}

/** A removal's share of a message, at most. */
export function removalBytesOf(name: string): number {
  return MAX_BYTES_PER_UNIT * name.length + RESOURCE_OVERHEAD_BYTES;
}

/** The longest start of the list whose sizes sum up to at most the capacity. */
export function takeFitting<Item>(items: readonly Item[], sizeOf: (item: Item) => number, capacity: number): Item[] {
  const taken: Item[] = [];
  let total = 0;
  for (const item of items) {
    total += sizeOf(item);
    if (total > capacity) break;
    taken.push(item);
  }
  return taken;
}
