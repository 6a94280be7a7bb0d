/** Addresses of 127.0.0.0/8, each once, from a range of its own for each run, so that runs side by side do not meet. */
export class LoopbackAddresses {
  readonly #prefix = `127.${1 + Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 256)}`;
  #last = 0;

  next(): string {
    this.#last += 1;
    if (this.#last > 254) throw new Error("no loopback address left");
    return `${this.#prefix}.${this.#last}`;
  }
}
