/**
 * Tells from the file system's events when one file, and nothing else, came under its name as a whole: by a rename, as
 * editors and careful programs save. Such a file need not be waited for, since nobody writes to it any more.
 *
 * The events are inotify's, as Node passes them on: "rename" where a name comes or goes, "change" where a file is written to. A
 * file that is written in its place, or made and then written, always has a "change". Elsewhere the events say less, and
 * nothing is taken for an arrival.
 *
 * The states: nothing has happened; one name has come; anything else, which is left to the look that follows a quiet time.
 * Names that are not those of YAML files, such as drafts, belong to none of them.
 */
import { systemTimers, type Timers } from "../../kubernetes/index.ts";
import { isYamlFile } from "./file-scan.ts";

/** Of files that arrive together, the first must not go ahead: for so long, in milliseconds, others are waited for. */
const TOGETHER_MS = 1;

export class Arrivals {
  readonly #onArrival: (file: string) => void;
  #seen: { readonly only: string } | "more" | undefined;
  #wait: Disposable | undefined;
  readonly #timers: Timers;

  /** `onArrival` is told the path of a file that has come under its name. There may be none: a name that has gone looks alike. */
  constructor(onArrival: (file: string) => void, timers: Timers = systemTimers) {
    this.#onArrival = onArrival;
    this.#timers = timers;
  }

  /** `file`: the path that the event is about, where it says so. */
  note(event: string, file: string | undefined): void {
    if (file !== undefined && !isYamlFile(file)) return;
    this.#wait?.[Symbol.dispose]();
    const isArrival = event === "rename" && process.platform === "linux";
    if (file === undefined || !isArrival || (this.#seen !== undefined && !this.isOnly(file))) {
      this.#seen = "more";
      return;
    }
    this.#seen = { only: file };
    this.#wait = this.#timers.after(TOGETHER_MS, () => this.#onArrival(file));
  }

  /** Whether nothing has happened but that this file has come. */
  isOnly(file: string): boolean {
    return typeof this.#seen === "object" && this.#seen.only === file;
  }

  /** Everything that has happened so far has been taken up. */
  forget(): void {
    this.#wait?.[Symbol.dispose]();
    this.#seen = undefined;
  }
}
