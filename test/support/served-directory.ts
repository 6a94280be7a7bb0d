/**
 * `trilith serve` on a directory of its own, as a user would have it: a process with an Envoy of its own on loopback, files
 * that tests edit, and what the admin API and the access log say. Facts are waited for, with bounds.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { envoyBinary } from "./envoy-binary.ts";
import { freePorts } from "./free-ports.ts";
import { documents } from "./manifests.ts";
import type { Manifest } from "./manifests.ts";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export interface ShownObject {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly generation: number };
  readonly status: {
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly { readonly name: string; readonly conditions: readonly Condition[] }[];
    readonly parents?: readonly { readonly conditions: readonly Condition[] }[];
  };
}

export interface ShownDiagnostic {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly object?: string;
}

export interface ShownStatus {
  readonly objects: readonly ShownObject[];
  readonly diagnostics: readonly ShownDiagnostic[];
  readonly heldFiles: readonly string[];
}

/** A line of the access log. */
export type AccessLine = Readonly<Record<string, string | number | null>>;

export interface ServedDirectoryOptions {
  readonly concurrency?: number;
  readonly stateDirectory?: string;
  /** Options of `trilith serve`. */
  readonly more?: readonly string[];
}

const PROGRAM = resolve(import.meta.dirname, "../../bin/trilith");
const POLL_MS = 10;
const WAIT_MS = 15_000;

export class ServedDirectory implements AsyncDisposable {
  readonly root: string = mkdtempSync(join(tmpdir(), "trilith-served-"));
  readonly files: string = join(this.root, "files");
  readonly stateDirectory: string;
  /** Of all runs; a request that is under way has none yet. */
  readonly access: AccessLine[] = [];
  /** Trilith's own log. */
  readonly log: string[] = [];
  readonly #adminPort: number;
  readonly #options: ServedDirectoryOptions;
  #child: ChildProcess | undefined;

  private constructor(adminPort: number, options: ServedDirectoryOptions) {
    this.#adminPort = adminPort;
    this.#options = options;
    this.stateDirectory = options.stateDirectory ?? join(this.root, "state");
    mkdirSync(this.files);
  }

  /** Nothing runs yet, so that files can be written first. */
  static async create(options: ServedDirectoryOptions = {}): Promise<ServedDirectory> {
    const [port = 0] = await freePorts(1);
    return new ServedDirectory(port, options);
  }

  /** Replaces a file in one step, as a rename. */
  write(file: string, objects: readonly Manifest[] | string): void {
    const path = join(this.files, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.draft`, typeof objects === "string" ? objects : documents(objects));
    renameSync(`${path}.draft`, path);
  }

  remove(file: string): void {
    rmSync(join(this.files, file), { recursive: true });
  }

  /** Starts Trilith; resolves when the first complete state is in Envoy. */
  async start(): Promise<void> {
    const envoy = envoyBinary();
    const args = ["serve", this.files, "--bind", "127.0.0.1", "--admin", `127.0.0.1:${this.#adminPort}`];
    const { concurrency = 1, more = [] } = this.#options;
    args.push(
      "--state-dir",
      this.stateDirectory,
      "--concurrency",
      String(concurrency),
      "--log-format",
      "json",
      ...more,
    );
    if (envoy !== undefined) args.push("--envoy", envoy);
    const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    createInterface(child.stdout).on("line", (line) => this.#takeAccess(line));
    createInterface(child.stderr).on("line", (line) => this.log.push(line));
    await this.until("ready", async () => (await this.ask("/readyz")).status === 200, 120_000);
  }

  get adminPort(): number {
    return this.#adminPort;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("Trilith does not run");
    return pid;
  }

  /** Which process the Gateways' Envoy is; undefined when there is none. */
  envoyPid(): number | undefined {
    return runningEnvoy(this.stateDirectory);
  }

  /** The state directories of sidecars. */
  sidecars(): readonly string[] {
    return globSync(join(this.stateDirectory, "sidecars", "*")).filter((path) => runningEnvoy(path) !== undefined);
  }

  /** Ends Trilith by a signal; resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((ended) => {
      child.once("exit", () => ended());
    });
    child.kill(signal);
    await gone;
  }

  async ask(path: string): Promise<{ readonly status: number; readonly body: string }> {
    return await new Promise((answered) => {
      const outgoing = request({ host: "127.0.0.1", port: this.#adminPort, path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => answered({ status: response.statusCode ?? 0, body }));
      });
      outgoing.on("error", (error) => answered({ status: 0, body: error.message })).end();
    });
  }

  async status(): Promise<ShownStatus> {
    return JSON.parse((await this.ask("/status")).body) as ShownStatus;
  }

  /** The value of each series of the metrics page, by name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const { body } = await this.ask("/metrics");
    const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
    );
  }

  /** How many resources this run has sent to Envoy, by kind. */
  async sentResources(): Promise<Readonly<Record<string, number>>> {
    const sent: Record<string, number> = {};
    for (const [series, value] of await this.metrics()) {
      const kind = /^trilith_xds_resources_sent_total\{resource="(\w+)"\}$/.exec(series)?.[1];
      if (kind !== undefined && value > 0) sent[kind] = value;
    }
    return sent;
  }

  /** Waits for a fact; throws, with Trilith's last words, when it does not come. */
  async until<Value>(what: string, look: () => Promise<Value> | Value, boundMs: number = WAIT_MS): Promise<Value> {
    const end = performance.now() + boundMs;
    for (;;) {
      const value = await look();
      if (value !== false && value !== undefined) return value;
      if (this.#child && this.#child.exitCode !== null) throw new Error(`Trilith ended: ${this.#lastWords()}`);
      if (performance.now() > end) throw new Error(`not in ${boundMs} ms: ${what}; ${this.#lastWords()}`);
      await delay(POLL_MS);
    }
  }

  /** The conditions of an object, or of one of its listeners, as "Type=Status/Reason", sorted. */
  async conditions(kind: string, name: string, listener?: string): Promise<readonly string[]> {
    const { objects } = await this.status();
    const status = objects.find((object) => object.kind === kind && object.metadata.name === name)?.status;
    const conditions =
      listener === undefined
        ? [...(status?.conditions ?? []), ...(status?.parents ?? []).flatMap((parent) => parent.conditions)]
        : status?.listeners?.find((one) => one.name === listener)?.conditions;
    return (conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is}/${reason}`).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    for (const directory of [this.stateDirectory, ...this.sidecars()]) {
      const envoy = runningEnvoy(directory);
      if (envoy !== undefined) process.kill(envoy, "SIGKILL");
    }
    rmSync(this.root, { recursive: true, force: true });
  }

  /** A line that Envoy was killed over, or that no disk took, is cut off. */
  #takeAccess(line: string): void {
    try {
      this.access.push(JSON.parse(line) as AccessLine);
    } catch {
      this.log.push(`cut off: ${line}`);
    }
  }

  #lastWords(): string {
    return this.log.slice(-5).join("\n");
  }
}

/** The process that is noted in a state directory, if it runs. */
function runningEnvoy(directory: string): number | undefined {
  try {
    const note = JSON.parse(readFileSync(join(directory, "envoy.json"), "utf8")) as { pid: number };
    process.kill(note.pid, 0);
    return note.pid;
  } catch {
    return undefined;
  }
}
