/** Options that are durations, as the Gateway API writes them. */
import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../resources/index.ts";

/** Milliseconds. Throws, for people, where the text is no duration or a shorter one. */
const durationMs =
  (leastMs: number) =>
  (text: string): number => {
    const ms = parseDuration(text);
    if (ms === undefined || ms < leastMs)
      throw new InvalidArgumentError(`it must be a duration such as 24h or 90m, of at least ${leastMs / 1_000}s.`);
    return ms;
  };

/** The text itself, where `durationMs` takes it. */
export const durationText =
  (leastMs: number) =>
  (text: string): string => {
    durationMs(leastMs)(text);
    return text;
  };

/** `flag`: its name alone. Its value is in milliseconds. */
export function durationOption(flag: string, description: string, byDefault: string, leastMs: number): Option {
  const parse = durationMs(leastMs);
  return new Option(`${flag} <duration>`, description).argParser(parse).default(parse(byDefault), byDefault);
}

/** Of what an identity is made with: shorter ones would be renewed all the time. */
export const LEAST_CERTIFICATE_LIFE_MS = 60_000;
/** A proxy that does not have a new root by then cannot connect to what it signs, and a changed ConfigMap takes two minutes to every pod. */
export const LEAST_ROOT_INTRODUCTION_MS = 180_000;
