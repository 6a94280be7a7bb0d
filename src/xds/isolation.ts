/**
 * Finds the culprit of a refused response. A refusal names no resource, and Envoy may have taken some of them all the same,
 * so nothing of the response counts as taken: its resources are sent again in two halves, each half that is refused in
 * halves of its own, until a response of one resource is refused. While there are suspects, nothing else of their kind goes
 * out, so that no newcomer falls under suspicion.
 */
import { decide } from "./decision.ts";
import type { Clock } from "./decision.ts";
import type { KindState, ProxyState } from "./proxy-state.ts";
import type { ResourceRecord } from "./resource.ts";

/** Puts the halves of a refused response in front of the other suspects. */
export function splitSuspects(state: KindState, refused: readonly ResourceRecord[]): void {
  const middle = Math.ceil(refused.length / 2);
  state.suspects.unshift(refused.slice(0, middle), refused.slice(middle));
}

/** The next group to try: only what is still wanted in the version under suspicion. Empty when there are no suspects left. */
export function nextSuspects(proxy: ProxyState, state: KindState, clock: Clock): readonly ResourceRecord[] {
  for (let group = state.suspects.shift(); group; group = state.suspects.shift()) {
    const current = group.filter((suspect) => {
      const decision = decide(proxy, state.kind, suspect.name, clock);
      return decision.kind === "upsert" && decision.record.version === suspect.version;
    });
    if (current.length > 0) return current;
  }
  return [];
}
