import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { AggregatedDiscoveryService } from "../generated/envoy/service/discovery/v3/ads_pb.ts";
import { DeltaDiscoveryRequestSchema } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { typeUrlOf } from "../xds/index.ts";
import type { ResourceRecord } from "../xds/index.ts";
import { startAdsServer } from "./ads-server.ts";
import type { AdsAddress, AdsServer } from "./ads-server.ts";
import { ProxyGroup } from "./proxy-group.ts";

const loopback = { host: "127.0.0.1", port: 0 };

/** One stream of a client that sends what it is told to. */
class TestStream {
  readonly #requests: DeltaDiscoveryRequest[] = [];
  readonly #responses: AsyncIterator<DeltaDiscoveryResponse>;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(address: AdsAddress, headers: Record<string, string> = {}) {
    const nodeOptions = "path" in address ? { path: address.path } : {};
    const port = "port" in address ? address.port : 1;
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}`, nodeOptions });
    const client = createClient(AggregatedDiscoveryService, transport);
    const options = { headers };
    this.#responses = client.deltaAggregatedResources(this.#outgoing(), options)[Symbol.asyncIterator]();
  }

  send(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    this.#requests.push(create(DeltaDiscoveryRequestSchema, request));
    this.#wake.resolve();
  }

  /** The names in the next response; the code of the error when the stream ends with one. */
  async next(): Promise<readonly string[] | Code | "end"> {
    try {
      const { value, done } = (await this.#responses.next()) as IteratorResult<DeltaDiscoveryResponse, undefined>;
      return done ? "end" : value.resources.map(({ name }) => name);
    } catch (error) {
      return ConnectError.from(error).code;
    }
  }

  async *#outgoing(): AsyncGenerator<DeltaDiscoveryRequest> {
    for (;;) {
      const request = this.#requests.shift();
      if (request) yield request;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }
}

function clusterNamed(name: string): ResourceRecord {
  return { kind: "cluster", name, version: "1", bytes: new Uint8Array(1), needs: [] };
}

async function serve(group: ProxyGroup, listen: AdsAddress = loopback): Promise<AdsServer> {
  const server = await startAdsServer({
    listen,
    admit: ({ node, authorization }) => (node?.id === "stranger" && !authorization ? undefined : group),
  });
  onTestFinished(async () => await server.close());
  return server;
}

const askForClusters = (id: string) => ({ typeUrl: typeUrlOf("cluster"), node: { id } });

test("every proxy of a group is told of a change", async () => {
  const group = new ProxyGroup();
  const { address } = await serve(group);
  const streams = ["one", "two"].map((id) => {
    const stream = new TestStream(address);
    stream.send(askForClusters(id));
    return stream;
  });
  group.apply({ upserts: [clusterNamed("a")], removals: [] });
  expect(await Promise.all(streams.map(async (stream) => await stream.next()))).toEqual([["a"], ["a"]]);
  for (const stream of streams) stream.send({ typeUrl: typeUrlOf("cluster"), responseNonce: "1" });
  await expect.poll(() => [...group.connections].map((proxy) => proxy.progress().underWay)).toEqual([0, 0]);
  group.apply({ upserts: [clusterNamed("b")], removals: [] });
  expect(await Promise.all(streams.map(async (stream) => await stream.next()))).toEqual([["b"], ["b"]]);
});

test("a caller that is not admitted is told so, and one that shows a token may be admitted for it", async () => {
  const group = new ProxyGroup();
  group.apply({ upserts: [clusterNamed("a")], removals: [] });
  const { address } = await serve(group);
  const stranger = new TestStream(address);
  stranger.send(askForClusters("stranger"));
  expect(await stranger.next()).toBe(Code.PermissionDenied);
  const known = new TestStream(address, { authorization: "Bearer token" });
  known.send(askForClusters("stranger"));
  expect(await known.next()).toEqual(["a"]);
});

test("a unix domain socket serves as well as a port", async () => {
  const directory = mkdtempSync(join(tmpdir(), "trilith-ads-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const group = new ProxyGroup();
  group.apply({ upserts: [clusterNamed("a")], removals: [] });
  const { address } = await serve(group, { path: join(directory, "ads") });
  const stream = new TestStream(address);
  stream.send(askForClusters("one"));
  expect(await stream.next()).toEqual(["a"]);
});

test("closing ends the streams, frees the port, and forgets the proxies", async () => {
  const gone: string[] = [];
  const group = new ProxyGroup({ disconnected: ({ identity }) => gone.push(identity.node?.id ?? "") });
  group.apply({ upserts: [clusterNamed("a")], removals: [] });
  const server = await startAdsServer({ listen: loopback, admit: () => group });
  const stream = new TestStream(server.address);
  stream.send(askForClusters("one"));
  expect(await stream.next()).toEqual(["a"]);
  const ending = stream.next();
  await server.close();
  expect(await ending).toBe(Code.Unavailable);
  expect([gone, group.connections.size]).toEqual([["one"], 0]);
  await (await startAdsServer({ listen: server.address, admit: () => group })).close();
});

test("an address that is taken is an error, not a crash", async () => {
  const { address } = await serve(new ProxyGroup());
  await expect(startAdsServer({ listen: address, admit: () => undefined })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
});
