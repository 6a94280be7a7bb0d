/**
 * What the kernel redirects in a pod of the mesh, as a program of nftables: TCP of the workload to the sidecar's outbound port, TCP
 * that comes from elsewhere to its inbound port. UDP, and with it DNS, is left alone, and so is what stays within the pod.
 *
 * The sidecar's own connections are told by its user, so that they are not sent to itself again; but for those in which its workload
 * calls itself through a Service, which are inbound like any other. What the sidecar hands to the workload comes from an address of its own,
 * or where IPv6 has none to spare, with a code point of its own.
 *
 * The kernel takes all of it or nothing. So whoever is answered on the port `proof` knows that the rest is in force, too.
 *
 * https://wiki.nftables.org/wiki-nftables/index.php/Performing_Network_Address_Translation_(NAT)#Redirect
 */
import { HANDOVER_ADDRESS, HANDOVER_CODE_POINT, MAX_GRPC_PROBES, PROBE_PORTS, SIDECAR_PORTS } from "../model/index.ts";

/** The user, and the group, that the sidecar runs as. */
export const SIDECAR_USER = 15_000;

export interface Capture {
  /** Of the pod, on which callers reach the workload itself. */
  readonly excludedInboundPorts: readonly number[];
  /** Of others, which the workload calls by itself. */
  readonly excludedOutboundPorts: readonly number[];
  /** Networks that the workload calls by itself, of either family: `10.0.0.0/8`. */
  readonly excludedOutboundNetworks: readonly string[];
}

/** Ports of a sidecar itself, which are not redirected. */
const OWN_PORTS: readonly number[] = [
  SIDECAR_PORTS.pod,
  PROBE_PORTS.http,
  ...Array.from({ length: MAX_GRPC_PROBES }, (_, index) => PROBE_PORTS.firstGrpc + index),
];

/** Ports of a pod on which callers reach what listens there itself, and so speak no mutual TLS. */
export const plainPorts = (excludedInboundPorts: readonly number[]): readonly number[] =>
  excludedInboundPorts.length === 0 ? OWN_PORTS : [...OWN_PORTS, ...excludedInboundPorts];

/** To be given to `nft` as one argument. Applied again, it replaces what it has made. */
export function captureRules({
  excludedInboundPorts,
  excludedOutboundPorts,
  excludedOutboundNetworks,
}: Capture): string {
  const networks = (family: string, isOf: (network: string) => boolean): string[] =>
    exceptIf(`${family} daddr`, excludedOutboundNetworks.filter(isOf));
  return [
    "table inet trilith",
    "delete table inet trilith",
    "table inet trilith {",
    "  chain outbound {",
    "    type nat hook output priority -100; policy accept;",
    `    ip saddr ${HANDOVER_ADDRESS} return`,
    `    meta skuid ${SIDECAR_USER} ip6 dscp ${HANDOVER_CODE_POINT} return`,
    ...["ip daddr != 127.0.0.0/8", "ip6 daddr != ::1"].map(
      (others) =>
        `    oifname "lo" meta skuid ${SIDECAR_USER} ${others} tcp dport != ${SIDECAR_PORTS.pod} redirect to :${SIDECAR_PORTS.inbound}`,
    ),
    `    meta skuid ${SIDECAR_USER} return`,
    '    oifname "lo" return',
    ...exceptIf("tcp dport", excludedOutboundPorts),
    ...networks("ip", (network) => !network.includes(":")),
    ...networks("ip6", (network) => network.includes(":")),
    `    meta l4proto tcp redirect to :${SIDECAR_PORTS.outbound}`,
    "  }",
    "  chain inbound {",
    "    type nat hook prerouting priority dstnat; policy accept;",
    `    tcp dport ${SIDECAR_PORTS.proof} redirect to :${SIDECAR_PORTS.pod}`,
    ...exceptIf("tcp dport", [SIDECAR_PORTS.pod, PROBE_PORTS.http, GRPC_PROBES, ...excludedInboundPorts]),
    `    meta l4proto tcp redirect to :${SIDECAR_PORTS.inbound}`,
    "  }",
    "}",
  ].join("\n");
}

const GRPC_PROBES = `${PROBE_PORTS.firstGrpc}-${PROBE_PORTS.firstGrpc + MAX_GRPC_PROBES - 1}`;

const exceptIf = (what: string, values: readonly (string | number)[]): string[] =>
  values.length === 0 ? [] : [`    ${what} { ${values.join(", ")} } return`];
