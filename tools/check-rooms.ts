/**
 * Holds the imports of src against tools/rooms.json: a room may import only the rooms that its row names, and of
 * another room only its door, index.ts (generated code has no door). Tests may import anything, through the doors or not.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const rooms = JSON.parse(readFileSync(join(import.meta.dirname, "rooms.json"), "utf8")) as Record<string, string[]>;
const importPattern =
  /^\s*(?:import|export)\b[^"']*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function allows(from: string, to: string): boolean {
  const row = rooms[from] ?? [];
  return row.includes(to) || (row.includes("*") && !row.includes(`!${to}`));
}

function problemsOf(file: string): string[] {
  const [, room] = file.split("/");
  if (!room || !(room in rooms)) return [`${file}: src/${room} is no room of tools/rooms.json`];
  const problems: string[] = [];
  for (const match of readFileSync(join(root, file), "utf8").matchAll(importPattern)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    if (!specifier.startsWith(".")) continue;
    const [, other = "", ...rest] = relative(root, join(root, dirname(file), specifier)).split("/");
    if (other === room) continue;
    if (!allows(room, other)) problems.push(`${file}: ${room} may not import ${other} (tools/rooms.json)`);
    else if (other !== "generated" && rest.join("/") !== "index.ts")
      problems.push(`${file}: reaches past the door of ${other}; import ${other}/index.ts`);
  }
  return problems;
}

const files = globSync("src/**/*.ts", { cwd: root }).filter(
  (file) => !file.startsWith("src/generated/") && !/\.test\.ts$|\/testing\//.test(file),
);
const problems = files.flatMap(problemsOf);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`rooms: ${files.length} files, no forbidden import`);
