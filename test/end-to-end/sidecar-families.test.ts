/** What a sidecar is given where the kernel of its node has no IPv6: nothing that Envoy refuses there. Checked by Envoy itself, without IPv6. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { sidecarSettingsOf } from "../../src/app/installation.ts";
import type { EnvoyRecord } from "../../src/envoy/index.ts";
import { ALL_SIDECARS, audiencesOf, havingIPv6, type ProxyKey, sidecarKey } from "../../src/model/index.ts";
import { findEnvoy } from "../../src/proxy/index.ts";
import { type Model, recordsOf } from "../support/model-records.ts";
import { staticBootstrap } from "../support/static-bootstrap.ts";
import { withoutIPv6 } from "../support/without-ipv6.ts";

const golden = parse(readFileSync(join(import.meta.dirname, "..", "golden", "envoy", "mesh.yaml"), "utf8")) as {
  readonly model: Model;
};
let tool: ReturnType<typeof withoutIPv6>;
let envoy: string;

beforeAll(async () => {
  tool = withoutIPv6();
  envoy = await findEnvoy({});
});

afterAll(() => rmSync(tool.folder, { recursive: true }));

/** What Envoy says of it there; "" where it takes it. */
function problemOf(bootstrap: object): string {
  const path = join(tool.folder, "bootstrap.json");
  writeFileSync(path, JSON.stringify(bootstrap));
  const args = [envoy, "--mode", "validate", "-c", path, "-l", "error", "--use-dynamic-base-id"];
  const { status, stderr } = spawnSync(tool.program, args, { encoding: "utf8" });
  return status === 0 ? "" : stderr;
}

/** All that is for such a proxy, the narrowest of each name; endpoints are of whatever family their Service has. */
function recordsFor(proxy: ProxyKey): readonly EnvoyRecord[] {
  const audiences = audiencesOf(proxy);
  const placeOf = ({ audience = ALL_SIDECARS }: EnvoyRecord): number => audiences.indexOf(audience);
  const own = recordsOf(golden.model)
    .filter((record) => placeOf(record) >= 0 || record.kind === "secret")
    .sort((a, b) => placeOf(b) - placeOf(a));
  return [...new Map(own.map((record) => [`${record.kind}/${record.name}`, record])).values()];
}

test("a sidecar whose pod has no IPv6 is given nothing that names an address of it", () => {
  const web = sidecarKey("front", "web");
  expect(problemOf(staticBootstrap(recordsFor(web)))).toBe("");
  expect(problemOf(staticBootstrap(recordsFor(havingIPv6(web))))).toContain("malformed IP address");
});

test.each([
  ["10.1.2.3", ""],
  ["fd00::3", "malformed IP address: ::"],
])("a sidecar of a cluster where the controller has %s starts with what it is made with: %j", (podAddress, problem) => {
  const image = { image: "envoy:1", pullPolicy: "Never" } as const;
  const settings = sidecarSettingsOf({
    namespace: "trilith-system",
    service: "trilith",
    listen: { xds: { port: 18_000 } },
    envoy: image,
    podAddress,
    mesh: { redirection: { by: "Node" }, trustDomain: "cluster.local" },
  });
  const probes = [{ kind: "tcp", asked: "/probes/a/liveness", port: 80 }] as const;
  const made = settings.bootstrapOf(probes).replaceAll("$(POD_IP)", podAddress).replaceAll("$(POD_IPS)", podAddress);
  const { static_resources, admin } = JSON.parse(made) as {
    static_resources: { clusters: { name: string }[] };
    admin: object;
  };
  // Its files are in a pod.
  const clusters = static_resources.clusters.filter(({ name }) => name !== "trilith-control-plane");
  const found = problemOf({ static_resources: { ...static_resources, clusters }, admin });
  expect(found === "" ? "" : found).toContain(problem);
  expect(found === "").toBe(problem === "");
});
