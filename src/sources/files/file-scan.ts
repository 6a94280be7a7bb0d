/**
 * Finds the YAML files below the given paths and tells which of them changed since the last look, by what the file system
 * says of each (size, times, inode), following symbolic links, as ConfigMap mounts and editors' renames need.
 */
import { type BigIntStats, lstatSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

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

/** Whether a file of this path counts that is found in a folder. */
export const isYamlFile = (path: string): boolean => /\.(ya?ml|json)$/.test(path) && !basename(path).startsWith(".");

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
      } else if (named || isYamlFile(path)) files.set(path, fingerprintOf(stats));
    } catch (error) {
      // A file that vanishes between the listing and the look at it is simply gone.
      if (named || !isMissing(error)) problems.set(path, inPlainWords(error));
    }
  };
  for (const root of roots) visit(root, 0, true);
  return { files, folders, problems };
}

/** Of a file that stands under its name itself, not by a link; undefined where there is none. */
export function ownFingerprint(path: string): Fingerprint | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() ? fingerprintOf(stats) : undefined;
}

/** Whether both are of one file, changed or not. */
export const isSameFile = (a: Fingerprint, b: Fingerprint): boolean => fileOf(a) === fileOf(b);

const fileOf = (fingerprint: Fingerprint): string => fingerprint.split(":").slice(3).join(":");

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
