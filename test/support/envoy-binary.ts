/** Where tests find Envoy: $TRILITH_ENVOY, or `envoy` on the PATH, or the user's cache that `trilith` itself fills. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const VERSION = "1.40.0";

/** The path of the binary; undefined when there is none on this machine. */
export function envoyBinary(): string | undefined {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const candidates = [
    process.env["TRILITH_ENVOY"] ?? "",
    ...(process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, "envoy")),
    join(cache, "trilith", "envoy", VERSION, "envoy"),
  ];
  return candidates.find((path) => path !== "" && existsSync(path));
}
