/**
 * The name of everything that is made for a Gateway: `<gateway>-<class>`, and where that is longer than the 63 characters of
 * a DNS label, its beginning with a hash of the whole.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1762/
 */
import { createHash } from "node:crypto";

const LONGEST = 63;
const HASH_LENGTH = 8;

export function generatedName(gateway: string, gatewayClass: string): string {
  const name = `${gateway}-${gatewayClass}`;
  // A label has no dots, so that names which differ by a dot alone are told apart by the hash.
  const isLabel = name.length <= LONGEST && !name.includes(".");
  return isLabel ? name : nameWithHash(name.replaceAll(".", "-"), `${gateway}/${gatewayClass}`);
}

/** The value of a label, which may be no longer either. */
export const labelValueOf = (name: string): string => (name.length <= LONGEST ? name : nameWithHash(name, name));

/** The beginning of `name` with a hash of `identity`, which tells it from others with that beginning. */
export function nameWithHash(name: string, identity: string): string {
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, HASH_LENGTH);
  return `${name.slice(0, LONGEST - HASH_LENGTH - 1).replace(/[^a-z0-9]+$/i, "")}-${hash}`;
}
