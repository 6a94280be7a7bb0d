/**
 * The network of a test cluster: a network namespace with an address of the node's own, and where nodes, Services, pods and load balancers
 * have theirs, in one family or both. The first is what comes first in the cluster.
 */
import { spawnSync } from "node:child_process";
import { inNamespace } from "./test-namespace.ts";

export type Family = "IPv4" | "IPv6";

interface Addresses {
  readonly node: string;
  /** Beyond it is nothing; but what is to be translated needs a way out first. */
  readonly router: string;
  readonly nodeBits: number;
  /** The API server's own Service, and that of names. */
  readonly apiService: string;
  readonly nameService: string;
  readonly services: string;
  readonly pods: string;
  readonly everywhere: string;
}

const ADDRESSES: Readonly<Record<Family, Addresses>> = {
  IPv4: {
    node: "10.96.255.1",
    router: "10.96.255.2",
    nodeBits: 24,
    apiService: "10.97.0.1",
    nameService: "10.97.0.10",
    services: "10.97.0.0/16",
    pods: "10.98.0.0/16",
    everywhere: "0.0.0.0/0",
  },
  // Public ones, as clusters of IPv6 often have them.
  IPv6: {
    node: "2001:db8:96::1",
    router: "2001:db8:96::2",
    nodeBits: 64,
    apiService: "2001:db8:97::1",
    nameService: "2001:db8:97::a",
    services: "2001:db8:97::/112",
    pods: "2001:db8:98::/64",
    everywhere: "::/0",
  },
};

export interface TestNetwork {
  /** In the order of the families. */
  readonly all: readonly Addresses[];
  readonly first: Addresses;
  /** With commas between, as flags of Kubernetes have it. */
  readonly list: (of: (addresses: Addresses) => string) => string;
  /** Of the API server, for everybody on the node. */
  readonly server: string;
}

export function networkOf(families: readonly Family[]): TestNetwork {
  const all = families.map((family) => ADDRESSES[family]);
  const [first = ADDRESSES.IPv4] = all;
  return {
    all,
    first,
    list: (of) => all.map(of).join(","),
    server: `https://${first.node.includes(":") ? `[${first.node}]` : first.node}:6443`,
  };
}

/** A veth pair whose both ends stay inside. */
export function makeNetwork({ all }: TestNetwork): void {
  const inIt = (command: string, ...args: readonly string[]): void => void spawnSync(...inNamespace(command, args));
  const ip = (...args: readonly string[]): void => inIt("ip", ...args);
  ip("link", "set", "lo", "up");
  ip("link", "add", "node0", "type", "veth", "peer", "name", "node1");
  const forIPv6 = ["all.forwarding=1", "default.accept_dad=0", "all.accept_dad=0"].map((one) => `net.ipv6.conf.${one}`);
  const settings = ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.route_localnet=1", "net.ipv4.conf.all.rp_filter=0"];
  inIt("sysctl", "-qw", ...settings, ...(all.some(({ node }) => node.includes(":")) ? forIPv6 : []));
  for (const { node, nodeBits } of all)
    ip("addr", "add", `${node}/${nodeBits}`, "dev", "node0", ...(node.includes(":") ? ["nodad"] : []));
  ip("link", "set", "node0", "up");
  ip("link", "set", "node1", "up");
  for (const { router } of all) {
    ip("route", "replace", "default", "via", router, "dev", "node0");
    ip("neigh", "replace", router, "lladdr", "02:00:00:00:00:02", "dev", "node0");
  }
}

/** As the CNI's plugins have it; they keep what they have given in the folder. */
export const podNetwork = ({ all }: TestNetwork, folder: string): object => ({
  cniVersion: "1.0.0",
  name: "test",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        ranges: all.map(({ pods }) => [{ subnet: pods }]),
        routes: all.map(({ everywhere }) => ({ dst: everywhere })),
        dataDir: folder,
      },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
});
