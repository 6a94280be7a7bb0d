/** Documents out of a body that has one a line, in whatever pieces it comes. */

/** Throws SyntaxError for a line that is no JSON. A last line without its end is half a document, and is dropped. */
export class JsonLines {
  readonly #decoder = new TextDecoder();
  /** The beginning of a line, in pieces: joined once, since a line may be a megabyte in many of them. */
  #pieces: string[] = [];

  /** The documents that end in this piece. */
  take(bytes: Uint8Array): unknown[] {
    const lines = this.#decoder.decode(bytes, { stream: true }).split("\n");
    const rest = lines.pop() ?? "";
    const first = lines.shift();
    if (first === undefined) {
      this.#pieces.push(rest);
      return [];
    }
    const whole = [[...this.#pieces, first].join(""), ...lines];
    this.#pieces = rest === "" ? [] : [rest];
    return whole.filter((line) => line !== "").map((line): unknown => JSON.parse(line));
  }
}
