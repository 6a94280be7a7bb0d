/** A graph with a planted bug: a copy of this room's files in which one piece of text was replaced by another. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as room from "../index.ts";

const ROOM = join(import.meta.dirname, "..");

export interface PlantedBug {
  /** Of the room. */
  readonly file: string;
  /** Must occur exactly once. */
  readonly text: string;
  readonly replacement: string;
}

export async function loadBrokenGraph({ file, text, replacement }: PlantedBug): Promise<() => room.Graph> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-broken-graph-"));
  try {
    cpSync(ROOM, folder, { recursive: true, filter: (path) => !/\.test\.ts$|\/testing$/.test(path) });
    const parts = readFileSync(join(folder, file), "utf8").split(text);
    if (parts.length !== 2) throw new Error(`"${text}" occurs ${parts.length - 1} times in ${file}`);
    writeFileSync(join(folder, file), parts.join(replacement));
    const url = pathToFileURL(join(folder, "index.ts")).href;
    const broken = (await import(/* @vite-ignore */ url)) as typeof room;
    return () => new broken.Graph();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
