/** Networks of IP addresses in their text form, as `10.0.0.0/8`. */
import { bytesOfAddress } from "./ip-address.ts";

export interface IPNetwork {
  readonly address: string;
  /** How many bits all addresses in it have in common with that one. */
  readonly length: number;
}

/** Undefined: not a network. An address alone is a network of one. */
export function parseNetwork(text: string): IPNetwork | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const bytes = bytesOfAddress(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  const bits = 8 * bytes.length;
  if (length === undefined) return { address, length: bits };
  return /^\d{1,3}$/.test(length) && Number(length) <= bits ? { address, length: Number(length) } : undefined;
}

/** Those of the other family are never in it. */
export function isInNetwork({ address, length }: IPNetwork, candidate: string): boolean {
  const [own, other] = [bytesOfAddress(address), bytesOfAddress(candidate)];
  if (own === undefined || other?.length !== own.length) return false;
  return own.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, length - 8 * index));
    return byte >> (8 - bits) === (other[index] ?? 0) >> (8 - bits);
  });
}
