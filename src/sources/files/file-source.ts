/**
 * Follows files: what is in them becomes objects in the sources of translation, every change of any number of files as one
 * step. An object that is not valid, and a file that is no YAML, keep their last good state; what is gone is removed.
 *
 * The file system only wakes this up: what is believed is a fresh look at every file, so no event can be missed for good. The
 * look comes when nothing has happened for a while, so that nothing is read while it is written and all files of a batch are one
 * step. But a single file that came under its name as a whole is taken up at once.
 */
import { type FSWatcher, watch } from "node:fs";
import { join, sep } from "node:path";
import { type KnownObject, objectKeyOf, type ObjectKey } from "../../resources/index.ts";
import type { ObjectChange } from "../object-change.ts";
import { Arrivals } from "./arrivals.ts";
import { type Fingerprint, type FileScan, isSameFile, ownFingerprint, scanFiles } from "./file-scan.ts";
import { type FileProblem, loadFile, type LoadedFile, type LoadedObject } from "./load-file.ts";
import { MergedFiles } from "./merged-files.ts";

/** The maps are the same all the time: they say how things are when they are read. */
export interface FileState extends Pick<MergedFiles, "objects" | "places"> {
  /** Of the objects, since the state before. */
  readonly changes: readonly ObjectChange[];
  readonly problems: readonly FileProblem[];
  /** Files with objects that cannot be used as they are: those keep their last good state, where they had one. */
  readonly held: readonly string[];
}

export interface FileSourceOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Objects without a namespace that are there for as long as no file states them. */
  readonly implied?: readonly KnownObject[];
  /** Is told every state that differs from the one before; the first one before `start` returns. */
  readonly onState: (state: FileState) => void;
  /** Changes are taken up when nothing has happened for this long, in milliseconds. */
  readonly quietMs?: number;
  /** How often to look without being woken, in milliseconds: for file systems that tell nothing. */
  readonly pollMs?: number;
}

const EMPTIED_MS = 100;

export class FileSource {
  readonly #options: FileSourceOptions;
  readonly #fingerprints = new Map<string, Fingerprint>();
  readonly #loaded = new Map<string, LoadedFile>();
  /** The good state of each file, be that its last one. */
  readonly #merged: MergedFiles;
  readonly #emptiedSince = new Map<string, number>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #arrivals = new Arrivals((file) => this.#takeArrival(file));
  #problemsOfScan = new Map<string, string>();
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#merged = new MergedFiles(options.implied);
  }

  /** Reads everything once, then follows. */
  start(): void {
    this.#look(true);
    this.#poll = setInterval(() => this.#look(false), this.#options.pollMs ?? 2000);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#arrivals.forget();
    clearInterval(this.#poll);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #wake(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(false), this.#options.quietMs ?? 10);
  }

  #look(first: boolean): void {
    this.#arrivals.forget();
    const scan = scanFiles(this.#options.paths);
    this.#watch(scan);
    const changed = this.#load(scan);
    if (changed || first) this.#publish();
  }

  /**
   * Takes up one file before the rest is looked at, if it is another one than before under this name, and all that it says is
   * valid. It must not have been written to: it stays the same from before the last events are asked for until after it is
   * read. Whatever else it may be is left to the look that follows.
   */
  #takeArrival(file: string): void {
    const [fingerprint, known] = [ownFingerprint(file), this.#fingerprints.get(file)];
    if (fingerprint === undefined || (known !== undefined && isSameFile(known, fingerprint))) return;
    setImmediate(() => {
      if (!this.#arrivals.isOnly(file)) return;
      const loaded = loadFile(file, this.#loaded.get(file));
      const isGood = loaded.objects.length > 0 && loaded.problems.length === 0;
      if (!isGood || ownFingerprint(file) !== fingerprint) return;
      this.#keep(loaded, fingerprint);
      this.#publish();
    });
  }

  #publish(): void {
    const changes = this.#merged.settle();
    const problems = [
      ...this.#scanProblems(),
      ...[...this.#loaded.values()].flatMap((file) => file.problems),
      ...this.#merged.problems(),
    ];
    const held = [...this.#loaded.values()]
      .filter(({ usable, invalid }) => !usable || invalid.length > 0)
      .map(({ file }) => file);
    const { objects, places } = this.#merged;
    this.#options.onState({ objects, places, changes, problems, held });
  }

  /** Loads what changed; true where anything did. */
  #load(scan: FileScan): boolean {
    let changed = !sameEntries(scan.problems, this.#problemsOfScan);
    this.#problemsOfScan = new Map(scan.problems);
    for (const file of this.#loaded.keys()) {
      // What cannot be looked at is not gone, be it the file or a folder above it (a mount that is away): its objects stay.
      if (scan.files.has(file) || isBelowAny(file, scan.problems.keys())) continue;
      for (const map of [this.#loaded, this.#fingerprints]) map.delete(file);
      this.#merged.put(file, []);
      changed = true;
    }
    for (const [file, fingerprint] of scan.files) {
      if (this.#fingerprints.get(file) === fingerprint) continue;
      const loaded = loadFile(file, this.#loaded.get(file));
      if (this.#isPerhapsBeingWritten(loaded)) continue;
      this.#keep(loaded, fingerprint);
      changed = true;
    }
    return changed;
  }

  #keep(loaded: LoadedFile, fingerprint: Fingerprint): void {
    const { file } = loaded;
    this.#fingerprints.set(file, fingerprint);
    this.#loaded.set(file, loaded);
    if (loaded.usable) this.#merged.put(file, [...loaded.objects, ...this.#lastGood(file, loaded.invalid)]);
  }

  /**
   * A file that was full and is empty is what a program leaves for a moment that truncates before it writes: only when it has
   * been so for a while is it believed.
   */
  #isPerhapsBeingWritten({ file, objects, problems }: LoadedFile): boolean {
    const isEmptied = objects.length === 0 && problems.length === 0 && this.#merged.of(file).length > 0;
    const since = this.#emptiedSince.get(file) ?? performance.now();
    if (!isEmptied || performance.now() - since >= EMPTIED_MS) {
      this.#emptiedSince.delete(file);
      return false;
    }
    this.#emptiedSince.set(file, since);
    setTimeout(() => this.#wake(), EMPTIED_MS).unref();
    return true;
  }

  #lastGood(file: string, keys: readonly ObjectKey[]): LoadedObject[] {
    return this.#merged.of(file).filter(({ object }) => keys.includes(objectKeyOf(object)));
  }

  #scanProblems(): FileProblem[] {
    return [...this.#problemsOfScan].map(([file, message]) => ({
      file,
      line: 1,
      column: 1,
      severity: "error",
      message,
    }));
  }

  #watch(scan: FileScan): void {
    const wanted = new Set([...scan.folders, ...this.#options.paths.filter((path) => scan.files.has(path))]);
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of wanted) {
      if (this.#watchers.has(path)) continue;
      try {
        // An editor that saves by renaming ends the watch of a file: it is made again at the next look.
        const isFile = scan.files.has(path);
        const watcher = watch(path, { persistent: false }, (event, name) => {
          if (event === "rename" && isFile) this.#watchers.delete(path);
          this.#arrivals.note(event, isFile || name === null ? undefined : join(path, name));
          this.#wake();
        });
        watcher.on("error", () => this.#watchers.delete(path));
        this.#watchers.set(path, watcher);
      } catch {
        // Without a watch, the poll still finds every change.
      }
    }
  }
}

/** Whether the path is one of these or below one of them. */
function isBelowAny(path: string, others: Iterable<string>): boolean {
  for (const other of others)
    if (path === other || path.startsWith(other.endsWith(sep) ? other : other + sep)) return true;
  return false;
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
