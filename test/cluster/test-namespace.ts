/** The network namespace that a test cluster lives in. */
export const NAMESPACE = "trilith-test";

/** A command inside of it. `ip netns exec` would mount a new /sys and hide the cgroups. */
export const inNamespace = (command: string, args: readonly string[]): [string, string[]] => [
  "nsenter",
  [`--net=/run/netns/${NAMESPACE}`, command, ...args],
];
