/** Files that hold a secret of this machine: made once, for their owner alone. */
import { open, readFile, rename } from "node:fs/promises";

/** The text of the file; undefined where there is none. Rejects where it cannot be read. */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Replaces the file in one step; nobody but its owner can read it at any time. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, "w", 0o600);
  try {
    // What an earlier run left behind may have another mode.
    await handle.chmod(0o600);
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
