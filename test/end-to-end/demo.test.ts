/** What the README promises to whoever types `make demo` or `make demo-mesh`: each says of all of its own answers that they are right. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { envoyBinary } from "../support/envoy-binary.ts";

const root = join(import.meta.dirname, "..", "..");

/** The demos have ports that people can remember: in a network of its own, if one can be had without rights, nobody else has them. */
const OWN_NETWORK = [
  "unshare",
  "--map-root-user",
  "--net",
  "sh",
  "-c",
  'ip link set lo up && exec "$@"',
  "in its own network",
];
const [program = "", ...options] = OWN_NETWORK;
const prefix = spawnSync(program, [...options, "true"]).status === 0 ? OWN_NETWORK : [];

test.skipIf(envoyBinary() === undefined).each([
  ["make demo", "main.ts"],
  ["make demo-mesh", "mesh/main.ts"],
])("%s ONCE=1 gets every answer right", (_, main) => {
  const args = [...prefix, process.execPath, join(root, "demo", main), "--once"];
  const { status, stdout, stderr } = spawnSync("env", args, { encoding: "utf8", timeout: 240_000 });
  const wrong = stdout.split("\n").filter((line) => line.includes("✗"));
  expect({ status, wrong, stderr }).toEqual({ status: 0, wrong: [], stderr: "" });
  expect(stdout).toMatch(/\n(\d+) of \1 answers are right\./);
});
