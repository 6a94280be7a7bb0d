/**
 * Identities of the mesh in two real Envoys, a caller's and a workload's, with the certificates that the control plane makes: while they
 * are rotated with all that signs them, while the control plane is away and the clock goes on, and when they are not the right ones.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mutualTlsMatch, mutualTlsMatches, MESH_SECRETS } from "../../src/envoy/mesh/mutual-tls.ts";
import { ClusterSchema } from "../../src/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { MetadataSchema } from "../../src/generated/envoy/config/core/v3/base_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../src/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { HttpProtocolOptionsSchema } from "../../src/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import type { Authority } from "../../src/identity/certificate-chains.ts";
import { spiffeId } from "../../src/model/index.ts";
import type { ResourceRecord } from "../../src/xds/index.ts";
import { freePorts } from "../support/free-ports.ts";
import { changed, identityBy, MeshProxy, newRoot, workloadRecords } from "../support/mesh-proxy.ts";
import { hasCompiler, MovedClock } from "../support/moved-clock.ts";
import { fetchOnce, SteadyRequests } from "../support/steady-requests.ts";
import { cluster, endpoints, httpListener, routeTable, virtualHost } from "../support/xds-records.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CALLER = spiffeId("cluster.local", "shop", "web");
const WORKLOAD = spiffeId("cluster.local", "shop", "cart");

let workload: Server;

beforeAll(async () => {
  workload = createServer((_request, response) => response.end("cart"));
  await new Promise<void>((resolve) => workload.listen(0, "127.0.0.1", resolve));
});

afterAll(() => workload.close());

const loopbackPort = (server: Server): number => (server.address() as AddressInfo).port;

/** `kept.test` goes over connections that are kept, `fresh.test` over a new one each time. */
const callerRecords = (port: number, target: number, expected: string): readonly ResourceRecord[] => [
  httpListener("outbound", port, "outbound"),
  routeTable("outbound"),
  ...["kept", "fresh"].flatMap((name) => [
    virtualHost("outbound", `${name}.test`, name),
    changed(
      cluster(name),
      ClusterSchema,
      (message) => {
        message.transportSocketMatches = mutualTlsMatches([expected], "http/1.1");
        const options = create(HttpProtocolOptionsSchema, {
          commonHttpProtocolOptions: { ...(name === "fresh" && { maxRequestsPerConnection: 1 }) },
          upstreamProtocolOptions: {
            case: "explicitHttpConfig",
            value: { protocolConfig: { case: "httpProtocolOptions", value: {} } },
          },
        });
        message.typedExtensionProtocolOptions["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] = anyPack(
          HttpProtocolOptionsSchema,
          options,
        );
      },
      MESH_SECRETS,
    ),
    changed(endpoints(name, [target]), ClusterLoadAssignmentSchema, ({ endpoints: groups }) => {
      for (const endpoint of groups.flatMap(({ lbEndpoints }) => lbEndpoints))
        endpoint.metadata = create(MetadataSchema, {
          filterMetadata: { "envoy.transport_socket_match": mutualTlsMatch(expected) },
        });
    }),
  ]),
];

let caller: MeshProxy;
let callee: MeshProxy;
let ports: number[];

beforeEach(async () => {
  ports = await freePorts(2);
  caller = new MeshProxy("mesh/shop/web");
  callee = new MeshProxy("mesh/shop/cart");
});

afterEach(async () => {
  await caller.stop();
  await callee.stop();
});

async function startBoth(root: Authority, env?: NodeJS.ProcessEnv, expected: string = WORKLOAD): Promise<void> {
  const [outbound = 0, inbound = 0] = ports;
  await callee.start(
    workloadRecords(inbound, loopbackPort(workload)),
    await identityBy(root, WORKLOAD),
    root.roots,
    env,
  );
  await caller.start(callerRecords(outbound, inbound, expected), await identityBy(root, CALLER), root.roots, env);
  await Promise.all([callee.settled(), caller.settled()]);
}

const call = (name: "kept" | "fresh"): Promise<string> =>
  fetchOnce({ port: ports[0] ?? 0, host: `${name}.test`, isTls: false });

describe("two proxies of the mesh", { timeout: 120_000 }, () => {
  test("serve on without a failed call or a dropped connection while certificates, what signs them, and the root are rotated", async () => {
    let root = await newRoot();
    await startBoth(root);
    await expect.poll(() => call("kept"), { timeout: 20_000 }).toBe("200 cart");
    const users = ["kept", "fresh"].map(
      (name) => new SteadyRequests({ port: ports[0] ?? 0, host: `${name}.test`, isTls: false }, "200 cart", 2),
    );
    const rotate = async (trusted: string): Promise<void> => {
      await caller.rotate(await identityBy(root, CALLER), trusted);
      await callee.rotate(await identityBy(root, WORKLOAD), trusted);
    };
    for (let round = 0; round < 5; round += 1) {
      // Another certificate, by another intermediate authority; then another root, which is trusted before it signs.
      await rotate(root.roots);
      const next = await newRoot();
      const both = `${root.roots}${next.roots}`;
      await rotate(both);
      root = next;
      await rotate(both);
      await rotate(root.roots);
    }
    const outcomes = await Promise.all(users.map((user) => user.stop()));
    process.stderr.write(`${outcomes.map(({ count }) => count).join(" and ")} calls during 20 rotations\n`);
    expect(outcomes.map(({ wrong }) => wrong)).toEqual([[], []]);
    expect(await caller.stat("cluster.kept.upstream_cx_destroy_local$|cluster.kept.upstream_cx_destroy_remote$")).toBe(
      0,
    );
  });

  test("refuse a workload that is not the one whom the caller wanted, and count it", async () => {
    await startBoth(await newRoot(), undefined, spiffeId("cluster.local", "shop", "other"));
    await expect.poll(() => call("fresh"), { timeout: 20_000 }).toMatch(/^503 .*remote connection failure/);
    expect(await caller.stat("ssl.fail_verify_san$")).toBeGreaterThan(0);
  });

  test.skipIf(!hasCompiler())("serve on for most of a day without the control plane, and not after it", async () => {
    using clock = new MovedClock();
    const root = await newRoot();
    await startBoth(root, clock.env);
    await expect.poll(() => call("kept"), { timeout: 20_000 }).toBe("200 cart");
    await Promise.all([caller.closeControlPlane(), callee.closeControlPlane()]);
    const outcomes: string[] = [];
    for (const hours of [0, 4, 23, 25]) {
      clock.moveTo(hours);
      outcomes.push(`${hours} h: ${await call("fresh")}`, `${hours} h: ${await call("kept")}`);
    }
    const served = "200 cart";
    expect(outcomes).toEqual([
      ...["0 h", "4 h", "23 h"].flatMap((when) => [`${when}: ${served}`, `${when}: ${served}`]),
      expect.stringMatching(/^25 h: 503 upstream connect error/),
      // What was open stays open.
      `25 h: ${served}`,
    ]);
    expect(await caller.stat("ssl.fail_verify_error$")).toBeGreaterThan(0);
    await caller.comeBack(await identityBy(root, CALLER, 2 * DAY_MS), root.roots);
    await callee.comeBack(await identityBy(root, WORKLOAD, 2 * DAY_MS), root.roots);
    await expect.poll(() => call("fresh"), { timeout: 20_000 }).toBe(served);
  });
});
