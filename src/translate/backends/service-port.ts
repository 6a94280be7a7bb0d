/** The port of a Service that a reference names by number. */
import type { Service, ServicePort } from "../../resources/index.ts";

/**
 * Ports of TCP and UDP can have one number. An ExternalName Service needs no ports, because nothing in a cluster forwards
 * to it: one that states none has every port.
 */
export function servicePortOf(
  { type, ports = [] }: Service["spec"],
  port: number | undefined,
  transport: "TCP" | "UDP",
): ServicePort | undefined {
  if (port === undefined) return undefined;
  if (type === "ExternalName" && ports.length === 0) return { port, protocol: transport, targetPort: port };
  return ports.find((candidate) => candidate.port === port && candidate.protocol === transport);
}
