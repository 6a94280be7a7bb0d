/** The parts that the Dockerfile puts into the image, alone in a folder: are they enough? Docker itself is not asked. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trilithImageParts } from "../cluster/trilith-image.ts";

const { entrypoint, files } = trilithImageParts();
let image: string;

beforeAll(() => {
  image = mkdtempSync(join(tmpdir(), "trilith-image-"));
  for (const [path, source] of Object.entries(files)) cpSync(source, join(image, path), { recursive: true });
});

afterAll(() => rmSync(image, { recursive: true }));

/** As the entry point would, with the image's folder as the root. */
function start(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
} {
  const [command = "", ...rest] = entrypoint.map((part) => (part.startsWith("/") ? join(image, part) : part));
  const { status, stdout, stderr } = spawnSync(command, [...rest, ...args], { cwd: "/", encoding: "utf8", env: {} });
  return { code: status, out: stdout, error: stderr };
}

test("the command starts and knows its version", () => {
  const { version } = JSON.parse(readFileSync(join(image, "app", "package.json"), "utf8")) as {
    readonly version: string;
  };
  expect(start("--version")).toEqual({ code: 0, out: `${version}\n`, error: "" });
});

test("the manifests of an installation are printed, from the chart in the image", () => {
  const { code, out } = start("install", "--print");
  expect([code, out.match(/^kind: Deployment$/gm)]).toEqual([0, ["kind: Deployment"]]);
});

test("the controller gets as far as asking for a cluster", () => {
  const { code, error } = start("controller", "--pod-name", "one", "--kubeconfig", "/nowhere");
  expect(code).toBe(2);
  expect(error).toMatch(/cannot read the kubeconfig/);
});

test("the sources are JavaScript, of which every module finds the others, so that no start loads a compiler of types", () => {
  const folder = join(image, "app", "src");
  const paths = globSync("**/*", { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile());
  const missing = paths.flatMap(({ name, parentPath }) => {
    const text = readFileSync(join(parentPath, name), "utf8");
    return [...text.matchAll(/^(?:import|export)\b[^"]* from "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm)]
      .map(([, plain, lazy]) => join(parentPath, plain ?? lazy ?? ""))
      .filter((path) => !existsSync(path));
  });
  expect([missing, [...new Set(paths.map(({ name }) => extname(name)))]]).toEqual([[], [".js"]]);
});

test("the agent's image has the same parts, and its stage is the one of that name", () => {
  const dockerfile = readFileSync(join(import.meta.dirname, "..", "..", "Dockerfile"), "utf8");
  expect([trilithImageParts("node"), dockerfile.match(/^FROM .*$/gm)?.at(-2)]).toEqual([
    { entrypoint, files },
    "FROM capture AS node",
  ]);
});

test("a line of a stage that is not understood is told", () => {
  expect(() => trilithImageParts("controller", "FROM a\nCOPY . .\n")).toThrow("COPY . .");
});
