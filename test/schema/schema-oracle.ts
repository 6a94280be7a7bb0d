/**
 * Asks the schema oracle: Kubernetes' own code for the validation of custom resources, run over the published CRDs of
 * the experimental channel (the standard channel is a part of it). One child process answers one line for each line.
 */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import type { BuiltOracle } from "./build-oracle.ts";
import type { CustomResourceSchema, Json } from "./custom-resource-schema.ts";

/** What the API server would say to the creation of an object. */
export interface Verdict {
  readonly valid: boolean;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  /** Paths that no schema knows; the API server drops them, and refuses or warns as the client asked for. */
  readonly unknownFields: readonly string[];
  /** The object without unknown fields and status, with defaults; null when it could not be decoded. */
  readonly defaulted: { readonly [name: string]: Json } | null;
}

/** One served version of a kind, as its CRD states it. */
export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly storage: boolean;
  readonly schema: CustomResourceSchema;
}

/** The experimental channel has all of the standard one, and more; Trilith's own kinds are in its chart. */
export type Channel = "standard" | "experimental" | "trilith";

const ownDefinitions = join(import.meta.dirname, "..", "..", "charts", "trilith", "crds");

function directoryOf(oracle: BuiltOracle, channel: Channel): string {
  if (channel === "trilith") return ownDefinitions;
  return join(oracle.gatewayApi, "config", "crd", channel);
}

/** All versions that the CRDs serve, in the order of their files. */
export async function readServedVersions(
  oracle: BuiltOracle,
  channel: Channel = "experimental",
): Promise<readonly ServedVersion[]> {
  const { stdout } = await promisify(execFile)(oracle.binary, ["crds", directoryOf(oracle, channel)], {
    maxBuffer: 1 << 26,
  });
  // The program prints what it has itself read and converted with Kubernetes' types.
  return JSON.parse(stdout) as readonly ServedVersion[];
}

/** A running oracle. Close it, or its process stays. */
export class SchemaOracle {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: PromiseWithResolvers<string>[] = [];

  constructor(oracle: BuiltOracle, channel: Channel = "experimental") {
    this.#process = spawn(oracle.binary, ["validate", directoryOf(oracle, channel)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
    this.#process.on("exit", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("the schema oracle ended without an answer"));
    });
  }

  /** Answers come in the order of the questions, and several may be under way. */
  async verdictOn(object: Json): Promise<Verdict> {
    const answer = Promise.withResolvers<string>();
    this.#waiting.push(answer);
    this.#process.stdin.write(`${JSON.stringify(object)}\n`);
    return JSON.parse(await answer.promise) as Verdict;
  }

  close(): void {
    this.#process.stdin.end();
  }
}
