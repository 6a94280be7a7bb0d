/** A real Envoy is started, watched, taken over and drained. */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { bootstrapOf, claimStateDirectory, findEnvoy, startProxy } from "../../src/proxy/index.ts";
import type { ProxyEvent, ProxyProcess, StateDirectory } from "../../src/proxy/index.ts";
import { isRunning, processIdentity } from "../../src/proxy/process-identity.ts";
import { freePorts } from "../support/free-ports.ts";
import { withListener } from "../support/static-listener.ts";

let envoyPath: string;
let slowServer: Server;
const leftovers: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  const named = process.env["TRILITH_ENVOY"];
  envoyPath = await findEnvoy(named === undefined ? {} : { explicitPath: named });
  slowServer = createServer((_request, response) => void delay(1_500).then(() => response.end("slow but whole")));
  slowServer.listen(0, "127.0.0.1");
  await once(slowServer, "listening");
});

afterAll(() => slowServer.close());

afterEach(async () => {
  for (const clean of leftovers.splice(0).toReversed()) await clean();
});

async function claim(path = newDirectory()): Promise<StateDirectory> {
  const directory = await claimStateDirectory(path);
  leftovers.push(() => directory.release());
  return directory;
}

function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "trilith-proxy-"));
  leftovers.push(() => rmSync(path, { recursive: true }));
  return path;
}

function bootstrapFor(directory: StateDirectory, port: number): object {
  const bootstrap = bootstrapOf({
    node: { id: "test", cluster: "test" },
    controlPlane: { path: directory.adsSocket },
    adminSocket: directory.adminSocket,
    limits: { maxConnections: 100, maxHeapBytes: 500_000_000 },
  });
  return withListener(bootstrap, port, (slowServer.address() as AddressInfo).port);
}

interface Watched {
  readonly proxy: ProxyProcess;
  readonly events: ProxyEvent[];
}

async function start(directory: StateDirectory, bootstrap: object): Promise<Watched> {
  const events: ProxyEvent[] = [];
  const onEvent = (event: ProxyEvent): void => void events.push(event);
  const drain = { askMs: 300, finishMs: 5_000 };
  const options = { envoyPath, stateDirectory: directory, bootstrap, concurrency: 1, drain, onEvent };
  const proxy = await startProxy(options);
  leftovers.push(() => proxy.stop({ now: true }));
  return { proxy, events };
}

async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });
  return `${response.status} ${await response.text()}`;
}

/** Resolves when the fact holds; the test's own timeout is the bound. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20);
}

const serves = async (port: number): Promise<boolean> => (await get(port, "/").catch(() => "")) === "200 served";
const kinds = (events: readonly ProxyEvent[]): string[] =>
  events.map(({ kind }) => kind).filter((kind) => kind !== "log");

test("Envoy is started, serves, and is gone after a stop", async () => {
  const directory = await claim();
  const [port = 0] = await freePorts(1);
  const { proxy, events } = await start(directory, bootstrapFor(directory, port));
  await until(() => serves(port));
  const { pid = 0 } = proxy;
  await proxy.stop();
  expect({ pid: processIdentity(pid), events: kinds(events) }).toEqual({
    pid: undefined,
    events: ["started", "draining", "stopped"],
  });
});

test("an Envoy that was killed is started again, and serves", async () => {
  const directory = await claim();
  const [port = 0] = await freePorts(1);
  const { proxy, events } = await start(directory, bootstrapFor(directory, port));
  await until(() => serves(port));
  process.kill(proxy.pid ?? 0, "SIGKILL");
  await until(() => events.filter(({ kind }) => kind === "started").length === 2);
  await until(() => serves(port));
  expect(kinds(events)).toEqual(["started", "ended", "started"]);
  expect(events.find(({ kind }) => kind === "ended")).toMatchObject({ how: "signal SIGKILL", failures: 1 });
});

test("a request under way is finished when Envoy is stopped, and the port is free after it", async () => {
  const directory = await claim();
  const [port = 0] = await freePorts(1);
  const { proxy } = await start(directory, bootstrapFor(directory, port));
  await until(() => serves(port));
  const slow = get(port, "/slow");
  await until(async () => (await proxy.admin.get("/stats?filter=http.http.downstream_rq_active")).includes(": 1"));
  await proxy.stop();
  expect(await slow).toBe("200 slow but whole");
  await expect(get(port, "/")).rejects.toThrow("fetch failed");
});

test("the second control plane takes over the Envoy of one that was killed, without an interruption", async () => {
  const path = newDirectory();
  const [port = 0] = await freePorts(1);
  const first = await startParent(path, port);
  const pid = Number(/^pid (\d+) started$/.exec(await first.line)?.[1]);
  leftovers.push(() => void (processIdentity(pid) && process.kill(pid, "SIGKILL")));
  await until(() => serves(port));
  const identity = processIdentity(pid);
  const answers: string[] = [];
  const over = new AbortController();
  const client = (async () => {
    while (!over.signal.aborted) {
      answers.push(await get(port, "/").catch(String));
      await delay(5);
    }
  })();
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const second = await startParent(path, port);
  expect(await second.line).toBe(`pid ${pid} adopted`);
  second.child.kill("SIGKILL");
  await once(second.child, "exit");
  over.abort();
  await client;
  expect(identity && isRunning(identity)).toBe(true);
  expect(answers.length).toBeGreaterThan(10);
  expect(new Set(answers)).toEqual(new Set(["200 served"]));
});

interface Parent {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  /** The first line that it says. */
  readonly line: Promise<string>;
}

async function startParent(path: string, port: number): Promise<Parent> {
  const script = join(import.meta.dirname, "../support/proxy-parent.ts");
  const args = [script, path, envoyPath, String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  leftovers.push(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout);
  return { child, line: once(lines, "line").then(([line]) => String(line)) };
}

test("an adopted Envoy that dies is started again", async () => {
  const directory = await claim();
  const [port = 0] = await freePorts(1);
  const bootstrap = bootstrapFor(directory, port);
  const first = await start(directory, bootstrap);
  await first.proxy.leave();
  const { proxy, events } = await start(directory, bootstrap);
  expect(proxy.pid).toBe(first.events.flatMap((event) => (event.kind === "started" ? [event.pid] : []))[0]);
  process.kill(proxy.pid ?? 0, "SIGKILL");
  await until(() => events.filter(({ kind }) => kind === "started").length === 2);
  expect(kinds(events)).toEqual(["started", "ended", "started"]);
});

test("an Envoy with other settings is replaced", async () => {
  const directory = await claim();
  const [port = 0, other = 0] = await freePorts(2);
  const first = await start(directory, bootstrapFor(directory, port));
  await first.proxy.leave();
  const { events } = await start(directory, bootstrapFor(directory, other));
  await until(() => serves(other));
  expect(kinds(events)).toEqual(["replacing", "started"]);
  await expect(get(port, "/")).rejects.toThrow("fetch failed");
});

test("two control planes cannot have one state directory", async () => {
  const directory = await claim();
  await expect(claimStateDirectory(directory.path)).rejects.toMatchObject({ code: "state-directory-busy" });
});

test("what Envoy has against its bootstrap is in the error", async () => {
  const directory = await claim();
  const bad = { ...bootstrapFor(directory, 1), static_resources: { listeners: [{ name: "no address" }] } };
  await expect(start(directory, bad)).rejects.toMatchObject({
    code: "start-failed",
    message: expect.stringMatching(/^Envoy ended with status 1: .*address/i) as string,
  });
});

test("a program that is no Envoy, or cannot be run, is refused in one sentence", async () => {
  const directory = newDirectory();
  const script = join(directory, "envoy");
  writeFileSync(script, "#!/bin/sh\necho envoy version: 0abc/1.35.2/Clean/RELEASE/BoringSSL\n", { mode: 0o755 });
  const problemOf = async (explicitPath: string): Promise<string> =>
    await findEnvoy({ explicitPath }).catch((error: Error) => error.message);
  expect(await Promise.all([script, "/bin/true", directory].map(problemOf))).toEqual([
    `${script} is Envoy 1.35.2, but Trilith needs 1.40.0.`,
    `/bin/true is not Envoy: "--version" does not print an Envoy version.`,
    `${directory} cannot be run as Envoy: it is a directory, or has no permission to be executed.`,
  ]);
});
