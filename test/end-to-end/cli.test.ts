/** The command line as a user meets it: what is printed, and with which exit code. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../support/free-ports.ts";

const root = join(import.meta.dirname, "..", "..");

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const trilith = (...args: readonly string[]): Ended => trilithIn({}, ...args);

/** `environment` is added to that of the tests. */
function trilithIn(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(join(root, "bin", "trilith"), args, {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, ...environment },
  });
  return { code: status, out: stdout, error: stderr };
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trilith-cli-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("trilith check", () => {
  const write = (text: string): string => {
    const file = join(folder, "checked.yaml");
    writeFileSync(file, text);
    return file;
  };

  test("names file, line, column, object and field, and ends with 1", () => {
    const file = write(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec:\n  rulez: []\n  parentRefs: [{port: 0}]\n",
    );
    const { code, out } = trilith("check", file);
    expect([
      code,
      out
        .split("\n")
        .filter((line) => line.startsWith(file))
        .map((line) => line.slice(file.length, line.indexOf(":", file.length + 6))),
    ]).toEqual([1, [":5:3: warning", ":6:16: error", ":6:17: error"]]);
  });

  test("finds nothing wrong with what is right, and ends with 0", () => {
    const file = write(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {gatewayClassName: trilith, listeners: [{name: l, port: 8080, protocol: HTTP}]}\n",
    );
    expect(trilith("check", file)).toEqual({ code: 0, out: "1 objects: 0 errors, 0 warnings\n", error: "" });
  });

  test("keeps compiled sources in the user's cache, and works where there is none", () => {
    const file = write("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n");
    const cache = join(folder, "cache");
    mkdirSync(cache);
    const places = [cache, cache, "/proc/none", join(folder, "none"), file];
    const ended = places.map((place) => trilithIn({ XDG_CACHE_HOME: place, NODE_COMPILE_CACHE: "" }, "check", file));
    expect(ended.map(({ code, error }) => [code, error])).toEqual(places.map(() => [0, ""]));
    expect(readdirSync(join(cache, "trilith"))).toEqual(["compiled"]);
  });

  test("fails on warnings only when asked to", () => {
    const file = write("apiVersion: v1\nkind: Node\nmetadata: {name: a}\n");
    expect([trilith("check", file).code, trilith("check", "--strict", file).code]).toEqual([0, 1]);
  });

  test("says it in JSON and in SARIF, too", () => {
    const file = write("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 70000}]}\n");
    const [json] = JSON.parse(trilith("check", "-o", "json", file).out) as {
      line: number;
      severity: string;
      path: string;
    }[];
    const sarif = JSON.parse(trilith("check", "-o", "sarif", file).out) as {
      version: string;
      runs: { results: { level: string; locations: { physicalLocation: { region: object } }[] }[] }[];
    };
    const [result] = sarif.runs[0]?.results ?? [];
    expect([
      json?.line,
      json?.severity,
      json?.path,
      sarif.version,
      result?.level,
      result?.locations[0]?.physicalLocation.region,
    ]).toEqual([4, "error", "spec.ports[0].port", "2.1.0", "error", { startLine: 4, startColumn: 17 }]);
  });

  test("says of a path that is not there that it is not there", () => {
    const { code, out } = trilith("check", join(folder, "nowhere"));
    expect([code, out.includes("there is no such file or folder")]).toEqual([1, true]);
  });
});

describe("mistakes at the command line", () => {
  test.each([
    [["serve"], "error: missing required argument 'paths'"],
    [["check", "-o", "xml", "."], "error: option '-o, --output <format>' argument 'xml' is invalid"],
    [["get", "everything"], "error: command-argument value 'everything' is invalid"],
    [["status", "--admin", "nonsense"], 'trilith: "nonsense" is no address'],
    [["status", "--admin", "127.0.0.1:1"], "trilith: no Trilith answers at 127.0.0.1:1"],
    [["serve", ".", "--envoy", "/nowhere/envoy"], "trilith: /nowhere/envoy cannot be run as Envoy"],
  ])("%j ends with 2 and one clear line", (args, message) => {
    const { code, error } = trilith(...args);
    expect([code, error.slice(0, message.length)]).toEqual([2, message]);
  });

  test("every command explains itself", () => {
    const helps = ["serve", "check", "status", "status mesh", "top", "get", "envoy", "completion"].map((command) =>
      trilith(...command.split(" "), "--help"),
    );
    expect(helps.map(({ code, out }) => [code, out.includes("Examples:")])).toEqual(helps.map(() => [0, true]));
  });

  test("completion for bash is a script that bash can read", () => {
    const { out } = trilith("completion", "bash");
    expect(spawnSync("bash", ["-n"], { input: out, encoding: "utf8" }).stderr).toBe("");
    expect(out).toMatch(/ status\) words="mesh .*--installation/);
  });
});

describe("a running trilith serve", () => {
  let serve: ChildProcess;
  let admin: string;
  let log = "";

  beforeAll(async () => {
    const [http = 0, port = 0] = await freePorts(2);
    admin = `127.0.0.1:${port}`;
    cpSync(join(root, "examples", "backends.yaml"), join(folder, "files", "backends.yaml"), { recursive: true });
    writeFileSync(
      join(folder, "files", "gateway.yaml"),
      `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: trilith, listeners: [{name: l, port: ${http}, protocol: HTTP}]}\n---\n` +
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: store-v1, port: 80}]}]}\n",
    );
    const args = [
      "serve",
      join(folder, "files"),
      "--bind",
      "127.0.0.1",
      "--admin",
      admin,
      "--state-dir",
      join(folder, "state"),
      "--log-format",
      "json",
    ];
    serve = spawn(join(root, "bin", "trilith"), args, { stdio: ["ignore", "ignore", "pipe"] });
    serve.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
    await until(async () => (await fetch(`http://${admin}/readyz`)).ok);
  }, 60_000);

  afterAll(async () => {
    if (serve.exitCode === null && serve.signalCode === null) {
      const ended = new Promise((resolve) => serve.once("exit", resolve));
      serve.kill("SIGKILL");
      await ended;
    }
  });

  async function until(holds: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + 30_000;
    while (!(await holds().catch(() => false))) {
      if (performance.now() > end) throw new Error(`not so after 30 s; the log:\n${log}`);
      await delay(50);
    }
  }

  test("tells its statuses as a table and as Kubernetes would hold them", () => {
    const table = trilith("status", "--admin", admin).out;
    const list = JSON.parse(trilith("status", "--admin", admin, "-o", "json").out) as {
      kind: string;
      items: { kind: string; status: { parents?: { conditions: { type: string; status: string }[] }[] } }[];
    };
    const conditions = list.items.find(({ kind }) => kind === "HTTPRoute")?.status.parents?.[0]?.conditions ?? [];
    expect([
      table.includes("HTTPRoute default/r"),
      list.kind,
      conditions.map(({ type, status }) => `${type}=${status}`),
    ]).toEqual([true, "List", ["Accepted=True", "ResolvedRefs=True", "trilith.dev/Programmed=True"]]);
  });

  test("tells Envoy's resources with the objects they came from, and no private key", () => {
    const hosts = trilith("get", "hosts", "--admin", admin).out;
    const all = trilith("envoy", "--admin", admin).out;
    expect([
      hosts.includes("HTTPRoute/default/r#0"),
      all.includes("kind: cluster"),
      all.includes("PRIVATE KEY"),
    ]).toEqual([true, true, false]);
  });

  test("a second one on the same files is refused", () => {
    const { code, error } = trilith(
      "serve",
      join(folder, "files"),
      "--state-dir",
      join(folder, "state"),
      "--admin",
      "127.0.0.1:0",
    );
    expect([code, error.includes("already runs on this configuration")]).toEqual([2, true]);
  });

  test("drains and ends with 0 on SIGTERM, and leaves no Envoy behind", async () => {
    const ended = new Promise<number | null>((resolve) => serve.once("exit", resolve));
    serve.kill("SIGTERM");
    const code = await ended;
    const lines = log
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect([code, lines.at(-1)]).toEqual([0, "Envoy stopped"]);
  });
});
