/**
 * What is to be redirected, as a pod tells it to the agent on its node: in an environment variable of the sidecar, which, unlike an
 * annotation, nobody can change once the pod is there. Whoever makes a pod can write it by hand, so it is not believed when it is read.
 *
 * An agent may be newer than a pod's sidecar, and must not redirect what that does not listen for: what a sidecar takes besides is to be
 * a member of its own here. What an agent does not know, it refuses.
 */
import { isPort, parseNetwork } from "../resources/index.ts";
import type { Capture } from "./capture-rules.ts";

export const CAPTURE_VARIABLE = "TRILITH_CAPTURE";

/** JSON. */
export const captureText = (capture: Capture): string => JSON.stringify(capture);

/** Nothing of a text that is good could be read as more than ports and networks. */
export function captureFromText(text: string): Capture | { readonly problem: string } {
  const lists = listsIn(text);
  const isGood = ([name, list]: readonly [string, unknown]): boolean =>
    Object.hasOwn(MEMBERS, name) && Array.isArray(list) && list.every(MEMBERS[name as keyof Capture]);
  const known = Object.keys(MEMBERS).every((name) => Object.hasOwn(lists, name));
  return known && Object.entries(lists).every(isGood)
    ? (lists as unknown as Capture)
    : { problem: `${CAPTURE_VARIABLE} of the sidecar is not as this version of trilith-node knows it` };
}

const isPortNumber = (value: unknown): boolean => typeof value === "number" && isPort(String(value));

const MEMBERS: Readonly<Record<keyof Capture, (value: unknown) => boolean>> = {
  excludedInboundPorts: isPortNumber,
  excludedOutboundPorts: isPortNumber,
  excludedOutboundNetworks: (value) => typeof value === "string" && parseNetwork(value) !== undefined,
};

function listsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
