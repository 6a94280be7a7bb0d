/** On which of its ports a pod in the mesh is left alone, as its annotation says. */

/** On a pod: ports on which callers reach the workload itself. */
export const EXCLUDED_INBOUND_PORTS = "trilith.dev/exclude-inbound-ports";

/** The parts of a list with commas between, without space around them. */
export const listIn = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

export const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;

/** What is no port is left out: a pod that says such a thing is not let into the mesh. */
export const excludedInboundPorts = (annotations: Readonly<Record<string, string>> = {}): number[] =>
  listIn(annotations[EXCLUDED_INBOUND_PORTS]).filter(isPort).map(Number);
