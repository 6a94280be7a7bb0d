/** The TLS options of listeners that Trilith knows: the lowest and the highest version of TLS. */
import type { ServerTls } from "../../model/index.ts";
import type { FieldProblem } from "../listener.ts";

const MINIMUM = "trilith.dev/tls-min-version";
const MAXIMUM = "trilith.dev/tls-max-version";

export interface TlsVersions {
  readonly bounds: Pick<ServerTls, "minVersion" | "maxVersion">;
  /** A value that is not understood: serving without it could be weaker than what was asked for. */
  readonly refusal?: FieldProblem;
  /** Options that are not known, sorted. */
  readonly unknown: readonly string[];
}

export function tlsVersionsOf(options: Readonly<Record<string, string>>, path: string): TlsVersions {
  const unknown = Object.keys(options)
    .filter((option) => option !== MINIMUM && option !== MAXIMUM)
    .sort();
  const minVersion = options[MINIMUM];
  const maxVersion = options[MAXIMUM];
  const bad = [MINIMUM, MAXIMUM].find((option) => options[option] !== undefined && !isVersion(options[option]));
  if (bad !== undefined) {
    const message = `the TLS version ${options[bad]} is not supported; it can be 1.2 or 1.3`;
    return { bounds: {}, refusal: { reason: "UnsupportedValue", message, path: `${path}.options["${bad}"]` }, unknown };
  }
  if (minVersion === "1.3" && maxVersion === "1.2") {
    const message = "the lowest TLS version is above the highest";
    return { bounds: {}, refusal: { reason: "UnsupportedValue", message, path: `${path}.options` }, unknown };
  }
  return {
    bounds: { ...(isVersion(minVersion) && { minVersion }), ...(isVersion(maxVersion) && { maxVersion }) },
    unknown,
  };
}

const isVersion = (version: string | undefined): version is "1.2" | "1.3" => version === "1.2" || version === "1.3";
