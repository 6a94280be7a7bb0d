/**
 * Listens to one other replica for as long as it is said to be there: connects, takes its lines into the board, and connects
 * again when the stream breaks or falls silent. What the replica said stays for a moment, since its proxies are most
 * probably still there; then it counts no more.
 */
import { type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { systemTimers, type Timers } from "../kubernetes/index.ts";
import type { PeerBoard } from "./peer-board.ts";
import { PEER_PROTOCOL, type PeerLine, PeerState } from "./peer-lines.ts";
import { ALIVE_MS, PEER_PATH } from "./peer-server.ts";

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export interface PeerClientOptions {
  readonly address: PeerAddress;
  /** Of this replica: a stream from itself is ended for good. */
  readonly replica: string;
  readonly board: PeerBoard;
  /** Asked at each connection; without it there is no TLS. */
  readonly tls?: () => { readonly ca: string; readonly servername: string };
  /** Asked at each connection, since it changes. */
  readonly token: () => Promise<string>;
  readonly onProblem?: (problem: string) => void;
  readonly timers?: Timers;
  /** How long a broken stream may be away before what it said counts no more. Default 5 s. */
  readonly graceMs?: number;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
const SILENCE_MS = 3 * ALIVE_MS;
const DEFAULT_GRACE_MS = 5_000;

export class PeerClient implements Disposable {
  readonly #options: PeerClientOptions;
  readonly #timers: Timers;
  readonly #closing = new AbortController();
  #failures = 0;
  /** Who is at the address, as it says itself. */
  #peer: string | undefined;
  #isSelf = false;
  #forgetting: Disposable | undefined;
  #retrying: Disposable | undefined;

  constructor(options: PeerClientOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    void this.#connect();
  }

  /** The replica is said to be gone: nothing that it said counts any more. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#retrying?.[Symbol.dispose]();
    this.#forget();
  }

  async #connect(): Promise<void> {
    const problem = await this.#listen().then(
      () => "the stream ended",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (this.#closing.signal.aborted || this.#isSelf) return;
    const { address, onProblem, graceMs = DEFAULT_GRACE_MS } = this.#options;
    onProblem?.(`Replica at ${address.host}:${address.port} cannot be listened to: ${problem}`);
    this.#forgetting ??= this.#timers.after(graceMs, () => this.#forget());
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#retrying = this.#timers.after(delayMs * (0.5 + Math.random() / 2), () => void this.#connect());
  }

  async #listen(): Promise<void> {
    const token = await this.#options.token();
    const response = await this.#open(token);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`it answered ${response.statusCode}`);
    }
    const hearing = new Hearing(this.#options.replica, this.#options.board);
    for await (const lines of linesOf(response)) {
      hearing.take(lines);
      this.#isSelf = hearing.isSelf;
      if (hearing.isSelf) break;
      if (hearing.isWhole) this.#known(hearing.peer);
    }
    response.destroy();
  }

  #open(token: string): Promise<IncomingMessage> {
    const { address, tls } = this.#options;
    const common = {
      host: address.host,
      port: address.port,
      path: PEER_PATH,
      headers: { authorization: `Bearer ${token}` },
      signal: this.#closing.signal,
      agent: false,
    } as const;
    const request: ClientRequest = tls ? requestSecure({ ...common, ...tls() }) : requestPlain(common);
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error("it is silent")));
    return new Promise((resolve, reject) => {
      request.once("response", resolve);
      // Later errors come out of the response, too.
      request.on("error", reject);
      request.end();
    });
  }

  #known(peer: string | undefined): void {
    this.#failures = 0;
    this.#forgetting?.[Symbol.dispose]();
    this.#forgetting = undefined;
    if (this.#peer !== peer) this.#forget();
    this.#peer = peer;
  }

  #forget(): void {
    this.#forgetting?.[Symbol.dispose]();
    this.#forgetting = undefined;
    if (this.#peer !== undefined) this.#options.board.forget(this.#peer);
    this.#peer = undefined;
  }
}

/** The lines that came together. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<readonly PeerLine[]> {
  response.setEncoding("utf8");
  let rest = "";
  for await (const chunk of response) {
    const texts = (rest + String(chunk)).split("\n");
    rest = texts.pop() ?? "";
    if (texts.length > 0) yield texts.map((text) => JSON.parse(text) as PeerLine);
  }
}

/** One stream: collects until the whole is there, then passes on what comes. */
class Hearing {
  readonly #self: string;
  readonly #board: PeerBoard;
  readonly #state = new PeerState();
  peer: string | undefined;
  isSelf = false;
  isWhole = false;

  constructor(self: string, board: PeerBoard) {
    this.#self = self;
    this.#board = board;
  }

  take(lines: readonly PeerLine[]): void {
    const [first, ...others] = lines;
    if (this.peer !== undefined) this.#takeFrom(this.peer, lines);
    else if (first?.type !== "hello") throw new Error("it does not say who it is");
    else if (first.protocol !== PEER_PROTOCOL) throw new Error(`it speaks version ${first.protocol}`);
    else {
      this.peer = first.replica;
      this.isSelf = first.replica === this.#self;
      if (!this.isSelf) this.#takeFrom(first.replica, others);
    }
  }

  #takeFrom(peer: string, lines: readonly PeerLine[]): void {
    if (this.isWhole) {
      this.#board.take(peer, lines);
      return;
    }
    const end = lines.findIndex(({ type }) => type === "whole");
    for (const line of end === -1 ? lines : lines.slice(0, end)) this.#state.take(line);
    if (end === -1) return;
    this.isWhole = true;
    this.#board.replace(peer, this.#state);
    this.#board.take(peer, lines.slice(end + 1));
  }
}
