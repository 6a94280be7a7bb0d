/** Helm for tests: built once from its Go module into the user's cache, since no other registry has its binary. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "v4.3.1";

/** The path of the binary. Throws where Go is absent or the build fails. Two builders at once do not disturb each other. */
export function provideHelm(onProgress: (line: string) => void = console.log): string {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "trilith", "helm");
  const helm = join(cache, VERSION, "helm");
  if (existsSync(helm)) return helm;
  onProgress(`building Helm ${VERSION} once, which takes about two minutes`);
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, "building-"));
  try {
    const { status, error } = spawnSync(
      "go",
      ["install", "-trimpath", "-ldflags=-s -w", `helm.sh/helm/v4/cmd/helm@${VERSION}`],
      { env: { ...process.env, GOBIN: building, CGO_ENABLED: "0" }, stdio: ["ignore", "inherit", "inherit"] },
    );
    if (status !== 0) throw new Error(`Helm ${VERSION} cannot be built from its Go module`, { cause: error });
    mkdirSync(join(cache, VERSION), { recursive: true });
    renameSync(join(building, "helm"), helm);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return helm;
}
