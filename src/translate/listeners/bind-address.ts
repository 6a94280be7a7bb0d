/** Addresses that sockets are bound to: `0.0.0.0` stands for every IPv4 address of the machine, `::` for every IPv6 address. */

/** Whether a socket on `outer` takes the connections to `inner` as well. */
export function includesAddress(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  return outer === (inner.includes(":") ? "::" : "0.0.0.0");
}
