/**
 * Golden Envoy resources: each YAML file beside this holds a model and the resources it becomes, and a real Envoy, where
 * there is one, accepts them. `UPDATE_GOLDEN=1` writes the resources anew: read the difference before committing it.
 */
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { describeResources } from "../../../src/app/describe-resources.ts";
import { ProxyFleet } from "../../../src/app/proxy-fleet.ts";
import type { EnvoyRecord, EnvoySettings } from "../../../src/envoy/index.ts";
import { envoyBinary } from "../../support/envoy-binary.ts";
import { jsonOf } from "../../support/envoy-json.ts";
import { recordsOf } from "../../support/model-records.ts";
import type { Model } from "../../support/model-records.ts";
import { staticBootstrap } from "../../support/static-bootstrap.ts";
import { writeFormatted } from "../../support/write-formatted.ts";

interface Golden {
  readonly about: string;
  /** Where they are other ones than usual. */
  readonly settings?: Partial<EnvoySettings>;
  readonly model: Model;
  readonly resources?: unknown;
}

const envoy = envoyBinary();

function readable(records: readonly EnvoyRecord[]): unknown {
  const entries = records.map((record) => {
    const { kind, name, needs, proxies, audience, unasked, origins } = record;
    const more = {
      needs: needs.map((need) => `${need.kind}/${need.name}`),
      proxies: proxies ?? (unasked ? "unasked" : "by need"),
      origins,
    };
    const forWhom = audience === undefined ? "" : ` for ${audience}`;
    const at = Object.entries(record.at ?? {}).map(([place, own]) => [place, jsonOf({ ...record, ...own })] as const);
    const placed = at.length > 0 && { at: Object.fromEntries(at) };
    return [`${kind}/${name}${forWhom}`, { ...more, message: jsonOf(record), ...placed }];
  });
  return parse(stringify(Object.fromEntries(entries), { aliasDuplicateObjects: false }));
}

/** Throws with Envoy's own words when it refuses. */
function validate(binary: string, records: readonly EnvoyRecord[]): void {
  const directory = mkdtempSync(join(tmpdir(), "trilith-golden-"));
  const path = join(directory, "bootstrap.json");
  writeFileSync(path, JSON.stringify(staticBootstrap(records)));
  try {
    execFileSync(binary, ["--mode", "validate", "-c", path, "-l", "error", "--use-dynamic-base-id"], { stdio: "pipe" });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** No proxy has two of one name, which are for different audiences: sets of records in which each of them is once. */
function setsOf(records: readonly EnvoyRecord[]): readonly (readonly EnvoyRecord[])[] {
  const byName = [...Map.groupBy(records, ({ kind, name }) => `${kind}/${name}`).values()];
  const count = Math.max(...byName.map(({ length }) => length));
  return Array.from({ length: count }, (_, index) => byName.flatMap((same) => same[index] ?? same[0] ?? []));
}

describe("Envoy resources of a model", () => {
  const files = globSync("*.yaml", { cwd: import.meta.dirname }).sort();
  test.each(files)("%s", async (file) => {
    const path = join(import.meta.dirname, file);
    const golden = parse(readFileSync(path, "utf8")) as Golden;
    const records = recordsOf(golden.model, golden.settings);
    const resources = readable(records);
    if (process.env["UPDATE_GOLDEN"] === "1") {
      await writeFormatted(path, stringify({ ...golden, resources }, { aliasDuplicateObjects: false, lineWidth: 120 }));
    } else expect(resources, basename(file)).toEqual(golden.resources);
  });

  test.each(files)("people are shown all of %s", (file) => {
    const golden = parse(readFileSync(join(import.meta.dirname, file), "utf8")) as Golden;
    const shown = describeResources(recordsOf(golden.model, golden.settings), undefined, new ProxyFleet()) ?? [];
    expect(shown.filter(({ resource }) => Object.hasOwn(resource as object, "unreadable"))).toEqual([]);
  });

  test.skipIf(envoy === undefined).each(files)("Envoy takes %s", (file) => {
    const golden = parse(readFileSync(join(import.meta.dirname, file), "utf8")) as Golden;
    for (const records of setsOf(recordsOf(golden.model, golden.settings))) validate(envoy ?? "", records);
  });
});
