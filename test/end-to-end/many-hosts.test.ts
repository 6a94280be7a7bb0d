/**
 * A Gateway that is made for many hosts (GatewayParameters): its hosts are spread over sixteen route configurations, and answer as without.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import { freePorts } from "../support/free-ports.ts";
import type { LoadProtocol } from "../support/load-senders.ts";
import { gateway, type Manifest, route, service, tlsSecret, to } from "../support/manifests.ts";
import { LoadTarget, PacedLoad } from "../support/paced-load.ts";
import { plainRequest } from "../support/plain-request.ts";
import { ServedDirectory } from "../support/served-directory.ts";

const HOSTS = 64;
const hostOf = (index: number): string => `tenant-${index}.example.com`;

function redirecting(name: string, hostname: string, target: string): Manifest {
  const filters = [{ type: "RequestRedirect", requestRedirect: { hostname: target, statusCode: 302 } }];
  return route({ name, parent: "edge", hostnames: [hostname], rules: [{ filters }] });
}

const tenants = (changed?: string): readonly Manifest[] =>
  Array.from({ length: HOSTS }, (_, index) =>
    redirecting(`tenant-${index}`, hostOf(index), index === 7 && changed !== undefined ? changed : `t${index}.test`),
  );

const parameters = (hosts: "Few" | "Many"): Manifest => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "GatewayParameters",
  metadata: { name: "edge" },
  spec: { hosts },
});

function edge(ports: readonly number[]): Manifest {
  const [http = 0, https = 0] = ports;
  const made = gateway("edge", [
    { name: "http", port: http },
    { name: "https", port: https, protocol: "HTTPS", hostname: "*.example.com", certificate: "edge" },
  ]);
  const parametersRef = { group: "trilith.dev", kind: "GatewayParameters", name: "edge" };
  return { ...made, spec: { ...(made["spec"] as object), infrastructure: { parametersRef } } };
}

describe.skipIf(envoyBinary() === undefined)("a Gateway that is made for many hosts", () => {
  let echo: EchoServer;
  let served: ServedDirectory;
  let ports: number[] = [];

  beforeAll(async () => {
    ports = await freePorts(2);
    echo = await startEchoServer("echo");
    served = await ServedDirectory.create();
    served.write("edge.yaml", [edge(ports), tlsSecret("edge", await selfSignedCertificate("*.example.com"))]);
    served.write("parameters.yaml", [parameters("Many")]);
    served.write("tenants.yaml", tenants());
    served.write("others.yaml", [
      ...service("echo", [echo.port]),
      redirecting("wide", "*.example.com", "wide.test"),
      route({ name: "echo", parent: "edge", hostnames: ["echo.example.com"], rules: [{ backendRefs: [to("echo")] }] }),
    ]);
    await served.start();
  }, 60_000);

  afterAll(async () => {
    await served?.[Symbol.asyncDispose]();
    await echo?.stop();
  });

  const targetOf = async (host: string): Promise<string> => {
    const { status, headers } = await plainRequest(ports[0] ?? 0, host, "/");
    return `${status} ${headers.location ?? ""}`;
  };

  test("answers for each of its hosts by the host's own route, however a client writes the name", async () => {
    const answers = await Promise.all(
      Array.from({ length: HOSTS }, async (_, index) => {
        const host = hostOf(index);
        return [await targetOf(host), await targetOf(`${host.toUpperCase()}:${ports[0]}`), await targetOf(`${host}.`)];
      }),
    );
    const expected = Array.from({ length: HOSTS }, (_, index) => `302 http://t${index}.test`);
    expect(answers.map((forms) => forms.map((answer) => answer.replace(/(:\d+)?\/$/, "")))).toEqual(
      expected.map((one) => [one, one, one]),
    );
  });

  test("answers for names that only a wildcard has, and for none that nobody has", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `name-${index * 37}.example.com`);
    const wide = await Promise.all(names.map(targetOf));
    expect(new Set(wide.map((answer) => answer.replace(/(:\d+)?\/$/, "")))).toEqual(new Set(["302 http://wide.test"]));
    const strangers = await Promise.all(["example.com", "a.test", "my_host.test", "[::1]"].map(targetOf));
    expect(new Set(strangers)).toEqual(new Set(["404 "]));
  });

  test("tells backends nothing of where a host is kept", async () => {
    const { echoed } = await plainRequest(ports[0] ?? 0, "echo.example.com", "/", {
      headers: { "x-trilith-route-part": "made up" },
    });
    expect(Object.keys(echoed?.headers ?? {}).filter((name) => name.startsWith("x-trilith"))).toEqual([]);
  });

  test("gets one host for a change of one route", async () => {
    const before = await served.sentResources();
    served.write("tenants.yaml", tenants("elsewhere.test"));
    await served.until("the change", async () => (await targetOf(hostOf(7))).includes("elsewhere.test"));
    const after = await served.sentResources();
    expect((after["virtualHost"] ?? 0) - (before["virtualHost"] ?? 0)).toBe(2);
  });

  test("fails no request when it is switched to few hosts and back", async () => {
    const load = new PacedLoad("switched");
    const [http = 0, https = 0] = ports;
    const protocols: readonly LoadProtocol[] = ["http1", "http1-new", "http2", "https"];
    for (const protocol of protocols) {
      const where = { protocol, port: protocol === "https" ? https : http, host: "echo.example.com", path: "/" };
      load.add(new LoadTarget(where, ["echo", "echo@*.example.com"]));
    }
    await load.more(10);
    for (const hosts of ["Few", "Many", "Few", "Many"] as const) {
      served.write("parameters.yaml", [parameters(hosts)]);
      await served.until(`${hosts} hosts`, async () => {
        const { body } = await served.ask("/envoy?kind=routeScope");
        return (JSON.parse(body) as unknown[]).length === (hosts === "Many" ? 32 : 0);
      });
      await load.more(25);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.requests).toBeGreaterThan(400);
  }, 60_000);
});
