/**
 * `make check`: everything about the code that can be told in about a minute. Each step runs even when an earlier one
 * failed, so that one run shows every problem.
 */
import { spawnSync } from "node:child_process";
import { provideEnvoy } from "./provide-envoy.ts";

const steps: readonly (readonly [string, ...string[]])[] = [
  ["oxfmt", "--check"],
  ["tsc", "-p", "tsconfig.json"],
  ["tsc", "-p", "tsconfig.pure.json"],
  ["oxlint", "--type-aware"],
  ["node", "tools/check-rooms.ts"],
  ["node", "tools/check-links.ts"],
  ["knip"],
];
const tests: (typeof steps)[number] = ["vitest", "run", "--project", "unit", "--project", "golden"];
const wanted = process.argv.includes("--without-tests") ? steps : [...steps, tests];

await provideEnvoy();
const failed = wanted.filter(([command, ...args]) => {
  console.log(`\n▸ ${command} ${args.join(" ")}`);
  return spawnSync(command, args, { stdio: "inherit" }).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nmake check: failed: ${failed.map((step) => step.join(" ")).join("; ")}`);
  process.exitCode = 1;
}
