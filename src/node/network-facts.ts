/**
 * What the kernel tells of a network namespace in /proc/net: the addresses that are its own, and the ports that somebody listens on.
 * Each of the functions passes over what is others'.
 *
 * https://docs.kernel.org/networking/proc_net_tcp.html
 */
import { canonicalAddress } from "../resources/index.ts";

/** In their canonical form. Of fib_trie (an address stands on the line before its kind) and if_inet6 (32 digits). */
export function localAddresses(text: string): ReadonlySet<string> {
  const v4 = [...text.matchAll(/\|-- (\S+)\n\s*\/32 host LOCAL/g)].map(([, address = ""]) => address);
  const v6 = [...text.matchAll(/^([0-9a-f]{32}) /gm)].map(([, digits = ""]) => digits.replaceAll(/.{4}(?=.)/g, "$&:"));
  return new Set([...v4, ...v6].map(canonicalAddress));
}

/** Of tcp and tcp6: sockets in the state 0A. */
export function listeningPorts(text: string): ReadonlySet<number> {
  const sockets = text.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm);
  return new Set([...sockets].map(([, port = ""]) => Number.parseInt(port, 16)));
}
