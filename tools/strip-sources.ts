/**
 * Makes the sources plain JavaScript, for images: `node tools/strip-sources.ts FROM TO`. Node.js would take the types away itself, each
 * time that it starts, with a compiler that never leaves the memory again, and which a read-only image cannot keep the work of.
 *
 * Lines and columns stay where they are. Tests are left out. https://nodejs.org/api/module.html#modulestriptypescripttypescode-options
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";

/** Replaces `to`. Paths of modules keep their place below the folder, and their names but for the ending. */
export function stripSources(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  for (const path of globSync("**/*.ts", { cwd: from, exclude: ["**/*.test.ts", "**/testing/**"] })) {
    const target = join(to, path.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, strippedSource(readFileSync(join(from, path), "utf8")));
  }
}

/** Modules of ours are imported by their relative paths. */
const IMPORT = /(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g;

export const strippedSource = (source: string): string =>
  stripTypeScriptTypes(source).replace(IMPORT, (_, before: string, path: string) => `${before}"${path}.js"`);

if (import.meta.main) {
  const [from, to] = process.argv.slice(2);
  if (from === undefined || to === undefined) {
    console.error("usage: node tools/strip-sources.ts FROM TO");
    process.exit(2);
  }
  stripSources(from, to);
}
