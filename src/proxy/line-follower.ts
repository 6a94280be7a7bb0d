/**
 * Follows a file that another process appends lines to. Envoy's output goes to files, not pipes, because it must not end or block
 * when the control plane does. A file that has grown large is emptied once it has been read; what is written between
 * the last read and that moment (microseconds) is lost.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const POLL_MS = 200;
const CHUNK_BYTES = 256 * 1024;
const CHUNKS_PER_TURN = 4;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export class LineFollower {
  readonly #file: number;
  readonly #onLine: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  #decoder = new StringDecoder("utf8");
  #offset: number;
  #more: NodeJS.Immediate | undefined;
  #partial = "";

  /** Makes the file if it is not there. Lines that are in it already are not delivered. */
  constructor(path: string, onLine: (line: string) => void) {
    this.#file = openSync(path, "a+", 0o600);
    this.#onLine = onLine;
    this.#offset = fstatSync(this.#file).size;
    this.#timer = setInterval(() => this.#readSome(), POLL_MS);
    this.#timer.unref();
  }

  /** Delivers the lines that are complete by now; after 1 MiB of them, the rest in a later turn. */
  #readSome(): void {
    clearImmediate(this.#more);
    if (!this.#read(CHUNKS_PER_TURN)) this.#more = setImmediate(() => this.#readSome());
  }

  /** Delivers all lines that are complete by now. */
  read(): void {
    this.#read(Number.POSITIVE_INFINITY);
  }

  /** Whether the end was reached within that many chunks. */
  #read(maxChunks: number): boolean {
    // Emptied by somebody else.
    if (fstatSync(this.#file).size < this.#offset) this.#restart();
    for (let chunks = 0; ; chunks += 1) {
      if (chunks >= maxChunks) return false;
      const count = readSync(this.#file, this.#buffer, 0, CHUNK_BYTES, this.#offset);
      if (count === 0) break;
      this.#offset += count;
      this.#take(this.#decoder.write(this.#buffer.subarray(0, count)));
    }
    if (this.#offset > MAX_FILE_BYTES) {
      ftruncateSync(this.#file, 0);
      this.#restart();
    }
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#more);
    this.read();
    if (this.#partial !== "") this.#onLine(this.#partial);
    closeSync(this.#file);
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) if (line !== "") this.#onLine(line);
  }

  #restart(): void {
    this.#offset = 0;
    this.#partial = "";
    this.#decoder = new StringDecoder("utf8");
  }
}
