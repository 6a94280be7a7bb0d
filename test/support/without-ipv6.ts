/** Programs as on a node whose kernel has no IPv6 (`ipv6.disable=1`), which one on this machine may have. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program that runs the command in its arguments so. Needs a C compiler; whoever asks removes its folder. */
export function withoutIPv6(): { readonly program: string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "trilith-without-ipv6-"));
  const program = join(folder, "without-ipv6");
  const source = join(import.meta.dirname, "without-ipv6.c");
  const { status, stderr } = spawnSync("gcc", ["-o", program, source], { encoding: "utf8" });
  if (status !== 0) throw new Error(`without-ipv6 cannot be built: ${stderr}`);
  return { program, folder };
}
