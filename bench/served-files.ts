/** `bin/trilith serve` on a folder of its own, as a user runs it, with a hundred routes in a file. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { freePorts } from "../test/support/free-ports.ts";
import { gateway, hostOf, hostRoute } from "./workload.ts";

const ROUTES_IN_A_FILE = 100;
const READY_WITHIN_MS = 120_000;
const trilith = join(import.meta.dirname, "../bin/trilith");

export interface ServedFiles extends AsyncDisposable {
  readonly pid: number;
  readonly envoyPid: number;
  /** Rewrites the file of one route of the many, the last one, which stands in a file of its own. */
  change(version: string): void;
  /** Milliseconds until the changed host answers by the new version. */
  untilAnswered(version: string): Promise<number>;
}

export async function serveFiles(hosts: number): Promise<ServedFiles> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-bench-"));
  const files = join(folder, "files");
  mkdirSync(files);
  const [port = 0, admin = 0] = await freePorts(2);
  const write = (name: string, objects: readonly object[]): void =>
    writeFileSync(join(files, name), objects.map((object) => stringify(object)).join("---\n"));
  write("gateway.yaml", [gateway(port)]);
  for (let first = 0; first < hosts - 1; first += ROUTES_IN_A_FILE) {
    const count = Math.min(ROUTES_IN_A_FILE, hosts - 1 - first);
    write(
      `routes-${first}.yaml`,
      Array.from({ length: count }, (_, index) => hostRoute(first + index, 1, "v0")),
    );
  }
  const changed = hosts - 1;
  const change = (version: string): void => write("changed.yaml", [hostRoute(changed, 1, version)]);
  change("v0");
  const args = [
    "serve",
    files,
    "--bind",
    "127.0.0.1",
    "--admin",
    `127.0.0.1:${admin}`,
    "--state-dir",
    join(folder, "state"),
    "--no-access-log",
    "--concurrency",
    "1",
  ];
  const child = spawn(trilith, args, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await untilReady(admin, () => child.exitCode !== null);
  const { identity } = JSON.parse(readFileSync(join(folder, "state", "envoy.json"), "utf8")) as {
    identity: { pid: number };
  };
  return {
    pid: child.pid ?? 0,
    envoyPid: identity.pid,
    change,
    untilAnswered: (version) => untilAnswered(port, hostOf(changed), `/${version}/0`),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(admin: number, hasEnded: () => boolean): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(admin))) {
    if (hasEnded() || performance.now() > until) throw new Error("trilith serve does not get ready");
    await delay(100);
  }
}

async function isReady(admin: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function untilAnswered(port: number, host: string, path: string): Promise<number> {
  const began = performance.now();
  while ((await statusOf(port, host, path)) !== 302)
    if (performance.now() - began > 30_000) throw new Error(`${host}${path} is not served after 30 s`);
  return performance.now() - began;
}

/** The status that a host answers with, asked over a connection that stays open. */
export function statusOf(port: number, host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, headers: { host } }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject);
  });
}
