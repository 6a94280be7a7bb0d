/**
 * Keeps what Node.js makes of our sources (types taken away, byte code) in the user's cache, so that only the first start of a
 * version pays for it. Node.js compares each entry with the source. Where the cache cannot be written, all works without.
 */
import { accessSync, constants } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/** For the modules that are imported from now on. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE have the say. */
export function keepCompiledSources(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  try {
    const cache = environment["XDG_CACHE_HOME"];
    const home = environment["HOME"] || homedir();
    // Asked first: below a folder that is not there, Node.js 24 may try to make one for ever (in /proc it does).
    accessSync(cache || home, constants.W_OK);
    enableCompileCache(join(cache || join(home, ".cache"), "trilith", "compiled"));
  } catch {
    // No home, as in some containers, or one of somebody else.
  }
}
