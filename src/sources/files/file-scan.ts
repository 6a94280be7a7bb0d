/**
 * Finds the YAML files below the given paths and tells which of them changed since the last look, by what the file system
 * says of each (size, times, inode), following symbolic links, as ConfigMap mounts and editors' renames need.
 */
import { type BigIntStats, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Changes whenever the file's content may have. */
export type Fingerprint = string;

export interface FileScan {
  /** By path, in order of path. */
  readonly files: ReadonlyMap<string, Fingerprint>;
  /** Folders that hold them, to be watched. */
  readonly folders: readonly string[];
  /** Paths that could not be read, with why. */
  readonly problems: ReadonlyMap<string, string>;
}

const YAML_FILE = /\.(ya?ml|json)$/;
const MAX_DEPTH = 16;

export function scanFiles(roots: readonly string[]): FileScan {
  const files = new Map<string, Fingerprint>();
  const folders: string[] = [];
  const problems = new Map<string, string>();
  const visit = (path: string, depth: number, named: boolean): void => {
    try {
      const stats = statSync(path, { bigint: true });
      if (stats.isDirectory()) {
        if (depth > MAX_DEPTH)
          throw new Error(`folders are nested deeper than ${MAX_DEPTH}; is there a link to an outer folder?`);
        folders.push(path);
        for (const name of readdirSync(path).sort())
          if (!name.startsWith(".")) visit(join(path, name), depth + 1, false);
      } else if (named || YAML_FILE.test(path)) files.set(path, fingerprintOf(stats));
    } catch (error) {
      // A file that vanishes between the listing and the look at it is simply gone.
      if (named || !isMissing(error)) problems.set(path, inPlainWords(error));
    }
  };
  for (const root of roots) visit(root, 0, true);
  return { files, folders, problems };
}

function fingerprintOf({ size, mtimeNs, ctimeNs, ino, dev }: BigIntStats): Fingerprint {
  return [size, mtimeNs, ctimeNs, ino, dev].join(":");
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

function inPlainWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file or folder";
  if (code === "EACCES") return "it may not be read by this user";
  return error.message;
}
