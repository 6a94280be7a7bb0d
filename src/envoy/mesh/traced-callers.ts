/**
 * Whose requests through a frontend are traced, and how. A listener says so itself, so that where a policy speaks of some of a frontend's
 * callers alone, these get a listener of their own, which is the same but for that.
 */
import { type Frontend, type MeshTelemetry, type ProxyKey, type Tracing, widerAudiences } from "../../model/index.ts";

export interface TracedCallers {
  /** The audience; a narrower one's stands in the place of a wider one's. */
  readonly callers: ProxyKey;
  readonly tracing: Tracing | undefined;
}

/** `others`: the audiences of further frontends of the same port, which stand in this one's place where they are narrower. */
export function tracedCallersOf(
  { callers, chains }: Pick<Frontend, "callers" | "chains">,
  telemetry: readonly MeshTelemetry[],
  others: readonly ProxyKey[],
): readonly TracedCallers[] {
  const of = { callers, tracing: tracingFor(callers, telemetry) };
  if (!chains.some(({ kind }) => kind === "http")) return [of];
  const narrower = telemetry.filter(({ key }) => {
    const [nearest] = widerAudiences(key).filter((audience) => audience === callers || others.includes(audience));
    return nearest === callers && key !== callers;
  });
  return [of, ...narrower.map(({ key, tracing }) => ({ callers: key, tracing }))];
}

/** What is in force for a proxy, or an audience: what is said of the narrowest that it is part of. */
export function tracingFor(audience: ProxyKey, telemetry: readonly MeshTelemetry[]): Tracing | undefined {
  const said = widerAudiences(audience).flatMap((wider) => telemetry.find(({ key }) => key === wider) ?? []);
  return said[0]?.tracing;
}
