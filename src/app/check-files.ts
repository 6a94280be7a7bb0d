/** What `trilith check` does: files in, everything there is to say about them out. Nothing is started, nobody is asked. */
import { Clock, type FileState, loadFile, MergedFiles, scanFiles } from "../sources/index.ts";
import { type Diagnostic, diagnose } from "./diagnosis.ts";
import { createEngine } from "./engine.ts";
import { standaloneSettings, withDefaults } from "./standalone-settings.ts";

export interface CheckResult {
  readonly diagnostics: readonly Diagnostic[];
  /** How many objects the files hold. */
  readonly objects: number;
}

export function checkFiles(paths: readonly string[], className: string): CheckResult {
  const files = readFiles(paths);
  const engine = createEngine(standaloneSettings({ bindAddress: "0.0.0.0" }));
  using _ = new Clock(engine.driven.clock);
  engine.replaceObjects(withDefaults(files.objects, className));
  return { objects: files.places.size, diagnostics: diagnose(files, engine.translation.findings.values()) };
}

/** The objects of files and folders, with where they stand and what is wrong with the files. */
export function readFiles(paths: readonly string[]): Pick<FileState, "objects" | "places" | "problems"> {
  const scan = scanFiles(paths);
  const loaded = [...scan.files.keys()].map((file) => loadFile(file));
  const merged = new MergedFiles();
  for (const { file, objects } of loaded) merged.put(file, objects);
  merged.settle();
  const unreadable = [...scan.problems].map(([file, message]) => ({
    file,
    line: 1,
    column: 1,
    severity: "error" as const,
    message,
  }));
  const problems = [...unreadable, ...loaded.flatMap((file) => file.problems), ...merged.problems()];
  return { objects: merged.objects, places: merged.places, problems };
}
