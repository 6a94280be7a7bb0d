/** The address that stands for all of this machine, as its pods' network is: every pod of a cluster has the same families. */
import { isIPv6 } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { Option } from "commander";

type Interfaces = Readonly<Partial<Record<string, readonly Pick<NetworkInterfaceInfo, "address" | "internal">[]>>>;

/**
 * `::`, which takes IPv4 as well, where there is an IPv6 address by which others reach this machine; `0.0.0.0` elsewhere, since a kernel
 * without IPv6 refuses the former.
 */
export function anyAddress(interfaces: Interfaces = networkInterfaces()): "0.0.0.0" | "::" {
  const addresses = Object.values(interfaces).flatMap((all) => all ?? []);
  const isReached = ({ address, internal }: (typeof addresses)[number]): boolean =>
    isIPv6(address) && !internal && !address.toLowerCase().startsWith("fe80:");
  return addresses.some(isReached) ? "::" : "0.0.0.0";
}

/** An option for where to listen, which is on every address unless it is given. */
export function onEveryAddress(flags: string, description: string, port: number): Option {
  const any = anyAddress();
  return new Option(flags, description).default(
    `${any === "::" ? "[::]" : any}:${port}`,
    `every address, port ${port}`,
  );
}
