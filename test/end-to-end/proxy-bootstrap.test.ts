/** What a real Envoy says to our bootstrap, as it checks it without serving. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrapOf, findEnvoy, machineLimits } from "../../src/proxy/index.ts";
import type { ControlPlaneAddress } from "../../src/proxy/index.ts";
import { runProgram } from "../../src/proxy/run-program.ts";

let envoyPath: string;
let directory: string;

beforeAll(async () => {
  const named = process.env["TRILITH_ENVOY"];
  envoyPath = await findEnvoy(named === undefined ? {} : { explicitPath: named });
  directory = mkdtempSync(join(tmpdir(), "trilith-bootstrap-"));
});

afterAll(() => rmSync(directory, { recursive: true }));

const bootstrapFor = (controlPlane: ControlPlaneAddress): object =>
  bootstrapOf({
    node: { id: "test", cluster: "test" },
    controlPlane,
    adminSocket: join(directory, "admin.sock"),
    limits: machineLimits(),
  });

/** "accepted", or what Envoy has against it. */
async function verdictOn(bootstrap: object): Promise<string> {
  const file = join(directory, "bootstrap.json");
  writeFileSync(file, JSON.stringify(bootstrap));
  const args = ["--mode", "validate", "--disable-hot-restart", "--log-level", "error", "--config-path", file];
  const { status, stderr } = await runProgram(envoyPath, args);
  return status === 0 ? "accepted" : stderr;
}

function withExpression(regex: string): object {
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "http",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { safe_regex: { regex } }, direct_response: { status: 200 } }],
        },
      ],
    },
    http_filters: [
      {
        name: "router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const listener = {
    name: "test",
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
  };
  // What matters here is the regular expression: nothing else is to be in the way.
  return { ...bootstrapFor({ path: "/unused" }), dynamic_resources: {}, static_resources: { listeners: [listener] } };
}

describe("Envoy accepts the bootstrap", () => {
  test("with the control plane at a socket, and at a port", async () => {
    const addresses: ControlPlaneAddress[] = [
      { path: join(directory, "ads.sock") },
      { host: "127.0.0.1", port: 18_000 },
    ];
    const verdicts = [];
    for (const address of addresses) verdicts.push(await verdictOn(bootstrapFor(address)));
    expect(verdicts).toEqual(["accepted", "accepted"]);
  });

  test("and with it regular expressions that its default would refuse, up to the bound", async () => {
    expect(await verdictOn(withExpression(String.raw`/[a-z]{1,63}\.[a-z]{1,63}`))).toBe("accepted");
    expect(
      await verdictOn(withExpression("(abcdefghij){990}(abcdefghij){990}(abcdefghij){990}(abcdefghij){990}")),
    ).toMatch(/program size of \d+ > max program size of 32768/);
  });
});
