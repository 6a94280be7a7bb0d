/** What `trilith check` does: files in, everything there is to say about them out. Nothing is started, nobody is asked. */
import { Clock, loadFile, mergeFiles, scanFiles } from "../sources/index.ts";
import { type Diagnostic, diagnose } from "./diagnosis.ts";
import { createEngine } from "./engine.ts";
import { standaloneSettings, withDefaultClass } from "./standalone-settings.ts";

export interface CheckResult {
  readonly diagnostics: readonly Diagnostic[];
  /** How many objects the files hold. */
  readonly objects: number;
}

export function checkFiles(paths: readonly string[], className: string): CheckResult {
  const scan = scanFiles(paths);
  const loaded = [...scan.files.keys()].map((file) => loadFile(file));
  const merged = mergeFiles(new Map(loaded.map(({ file, objects }) => [file, objects])), new Map());
  const unreadable = [...scan.problems].map(([file, message]) => ({
    file,
    line: 1,
    column: 1,
    severity: "error" as const,
    message,
  }));
  const problems = [...unreadable, ...loaded.flatMap((file) => file.problems), ...merged.problems];
  const engine = createEngine(standaloneSettings({ bindAddress: "0.0.0.0" }));
  using _ = new Clock(engine.driven.clock);
  engine.replaceObjects(withDefaultClass(merged.objects, className));
  return {
    objects: merged.places.size,
    diagnostics: diagnose({ problems, places: merged.places }, engine.translation.findings.values()),
  };
}
