import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Graph } from "../collections/index.ts";
import { PausedTimers } from "../kubernetes/testing/paused-timers.ts";
import type { ListenerKey, ProxyKey, SocketKey } from "../model/index.ts";
import type { EndpointSlice, ObjectKey } from "../resources/index.ts";
import type { RouteReport, SocketReport } from "../translate/index.ts";
import { PeerBoard } from "./peer-board.ts";
import type { PeerAddress } from "./peer-client.ts";
import { PeerCounts } from "./peer-counts.ts";
import { PeerFeed } from "./peer-feed.ts";
import { peerAddresses, Peers } from "./peers.ts";
import { startPeerServer } from "./peer-server.ts";

const web = "shop/web" as ProxyKey;
const socket = "shop/web/tcp/0.0.0.0/80" as SocketKey;
const route = "HTTPRoute.gateway.networking.k8s.io/shop/cart" as ObjectKey;
const socketReport = (generation: number): SocketReport => ({
  key: socket,
  programmed: [{ listener: "Gateway/shop/web/http" as ListenerKey, generation }],
});
const routeReport = (generation: number): RouteReport => ({ key: `${route}|${web}`, route, proxy: web, generation });
const connected = (count: number) => ({ connected: count, current: count });

/** A board with what it makes of all reports. */
function boardWithFacts(remembered?: ConstructorParameters<typeof PeerBoard>[0]["remembered"]) {
  const graph = new Graph();
  const facts = {
    socketReports: graph.source<SocketReport>({ name: "sockets", key: ({ key }) => key }),
    routeReports: graph.source<RouteReport>({ name: "routes", key: ({ key }) => key }),
  };
  const board = new PeerBoard({ graph, facts, ...(remembered && { remembered }) });
  const programmed = (): unknown => [
    facts.socketReports.get(socket)?.programmed.map(({ generation }) => generation),
    facts.routeReports.get(`${route}|${web}`)?.generation,
  ];
  const report = (generation: number): void => {
    board.local.socketReports.set(socketReport(generation));
    board.local.routeReports.set(routeReport(generation));
  };
  return { board, programmed, report };
}

const TOKEN = "secret";

/** A replica that serves its reports, and follows whom it is told. */
async function replica(name: string, { graceMs = 200, token = TOKEN } = {}) {
  const world = boardWithFacts();
  const server = await startPeerServer({
    listen: { host: "127.0.0.1", port: 0 },
    replica: name,
    board: world.board,
    authorize: async (authorization) => await Promise.resolve(authorization === `Bearer ${TOKEN}`),
  });
  const problems: string[] = [];
  const peers = new Peers({
    replica: name,
    board: world.board,
    token: async () => await Promise.resolve(token),
    graceMs,
    onProblem: (problem) => problems.push(problem.replace(/\d{4,}/, "PORT")),
  });
  const stop = async (): Promise<void> => {
    peers[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  };
  onTestFinished(stop);
  const address: PeerAddress = { host: "127.0.0.1", port: server.port };
  return { ...world, address, peers, problems, stop };
}

test("a generation is programmed when the proxies of every replica have it, wherever one asks", async () => {
  const [a, b] = [await replica("a"), await replica("b")];
  for (const { peers } of [a, b]) peers.follow([a.address, b.address]);
  for (const { board, report } of [a, b]) {
    board.count(web, connected(1));
    report(1);
  }
  await expect
    .poll(() => [a.programmed(), b.programmed()])
    .toEqual([
      [[1], 1],
      [[1], 1],
    ]);
  await expect.poll(() => [a.board.countOf(web), b.board.countOf(web)]).toEqual([connected(2), connected(2)]);
  a.report(2);
  expect(a.programmed()).toEqual([[1], 1]);
  b.report(2);
  await expect
    .poll(() => [a.programmed(), b.programmed()])
    .toEqual([
      [[2], 2],
      [[2], 2],
    ]);
});

test("a replica without proxies of a Gateway learns of the others', and has no say", async () => {
  const [a, b] = [await replica("a"), await replica("b")];
  a.peers.follow([a.address, b.address]);
  a.report(0);
  b.board.count(web, connected(2));
  b.report(3);
  await expect.poll(() => a.programmed()).toEqual([[3], 3]);
});

test("a replica that vanishes counts no more after a moment, and takes nothing away", async () => {
  const [a, b] = [await replica("a"), await replica("b")];
  a.board.count(web, connected(1));
  b.board.count(web, connected(1));
  a.report(5);
  b.report(4);
  a.peers.follow([b.address]);
  await expect.poll(() => a.board.replicas).toEqual(["b"]);
  await b.stop();
  await expect.poll(() => [a.board.replicas, a.programmed()]).toEqual([[], [[5], 5]]);
  a.board.count(web, connected(0));
  expect(a.programmed()).toEqual([[5], 5]);
});

test("a replica that is no longer listed counts no more at once", async () => {
  const [a, b] = [await replica("a"), await replica("b", { graceMs: 60_000 })];
  b.board.count(web, connected(1));
  a.peers.follow([b.address]);
  await expect.poll(() => a.board.countOf(web)).toEqual(connected(1));
  a.peers.follow([]);
  expect([a.board.replicas, a.board.countOf(web)]).toEqual([[], connected(0)]);
});

test("a stream that breaks is opened again, and what was said meanwhile is learnt", async () => {
  const [a, b] = [await replica("a", { graceMs: 60_000 }), await replica("b")];
  b.board.count(web, connected(1));
  b.report(1);
  a.report(0);
  a.peers.follow([b.address]);
  await expect.poll(() => a.programmed()).toEqual([[1], 1]);
  await b.stop();
  b.report(2);
  const again = await startPeerServer({
    listen: b.address,
    replica: "b",
    board: b.board,
    authorize: async () => await Promise.resolve(true),
  });
  onTestFinished(() => again[Symbol.asyncDispose]());
  await expect.poll(() => a.programmed(), { timeout: 5_000 }).toEqual([[2], 2]);
});

test("whoever shows no token of a replica is told nothing", async () => {
  const [a, stranger] = [await replica("a"), await replica("stranger", { token: "wrong" })];
  a.board.count(web, connected(1));
  stranger.peers.follow([a.address]);
  await expect
    .poll(() => stranger.problems[0])
    .toBe("Replica at 127.0.0.1:PORT cannot be listened to: it answered 403");
  expect(stranger.board.replicas).toEqual([]);
});

test("a stream that makes no sense is a problem that is told, and tried again", async () => {
  const a = await replica("a");
  const server = createServer((_, response) => response.end('{"type":"hello","protocol":9,"replica":"z"}\n'));
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await expect.poll(() => server.listening).toBe(true);
  a.peers.follow([{ host: "127.0.0.1", port: (server.address() as AddressInfo).port }]);
  await expect
    .poll(() => a.problems.slice(0, 2))
    .toEqual([
      "Replica at 127.0.0.1:PORT cannot be listened to: it speaks version 9",
      "Replica at 127.0.0.1:PORT cannot be listened to: it speaks version 9",
    ]);
});

test("what the stored statuses tell counts until proxies of the Gateway say more", () => {
  const { board, programmed, report } = boardWithFacts({
    socket: () => [{ listener: "Gateway/shop/web/http" as ListenerKey, generation: 7 }],
    route: () => 7,
  });
  report(0);
  expect(programmed()).toEqual([[7], 7]);
  board.count(web, connected(1));
  report(8);
  expect(programmed()).toEqual([[8], 8]);
});

test("a socket and a route that are gone here have no report, whatever others say", async () => {
  const [a, b] = [await replica("a"), await replica("b")];
  b.board.count(web, connected(1));
  b.report(4);
  a.report(0);
  a.peers.follow([b.address]);
  await expect.poll(() => a.programmed()).toEqual([[4], 4]);
  a.board.local.socketReports.delete(socket);
  a.board.local.routeReports.delete(`${route}|${web}`);
  expect(a.programmed()).toEqual([undefined, undefined]);
});

test("a slow listener is told each thing once, as it is when it can take it", () => {
  const { board, report } = boardWithFacts();
  using feed = new PeerFeed(board);
  report(1);
  expect(feed.whole().length).toBe(2);
  for (let generation = 2; generation <= 100; generation += 1) report(generation);
  expect([feed.take(), feed.take()]).toEqual([
    [
      { type: "socket", key: socket, report: socketReport(100) },
      { type: "route", key: `${route}|${web}`, report: routeReport(100) },
    ],
    [],
  ]);
});

test("of a route that no Envoy has taken nothing is told, but that it is no longer as it was", () => {
  const { board } = boardWithFacts();
  using feed = new PeerFeed(board);
  const { routeReports } = board.local;
  const [before, after] = [routeReport(1), { ...routeReport(0), uid: "another" }];
  const told = [routeReport(0), before, after, { ...after, uid: "a third" }].map((report) => {
    routeReports.set(report);
    return feed.take();
  });
  const line = { type: "route", key: before.key };
  expect([...told, feed.whole()]).toEqual([[], [{ ...line, report: before }], [line], [], []]);
});

test("replicas are the endpoints of the control plane's Service that serve", () => {
  const slice = (name: string, service: string): EndpointSlice => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "trilith-system", name, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: [
      { addresses: ["10.0.0.1"], conditions: { ready: true } },
      { addresses: ["10.0.0.2"], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ["10.0.0.3"], conditions: { ready: false, serving: false } },
    ],
    ports: [
      { name: "xds", protocol: "TCP", port: 18_000 },
      { name: "peers", protocol: "TCP", port: 18_001 },
    ],
  });
  const slices = [slice("trilith-1", "trilith"), slice("other-1", "other")];
  expect(peerAddresses(slices, { namespace: "trilith-system", name: "trilith" })).toEqual([
    { host: "10.0.0.1", port: 18_001 },
    { host: "10.0.0.2", port: 18_001 },
  ]);
});

test("how many proxies have everything is looked at once a second, how many there are at once", async () => {
  const { board } = boardWithFacts();
  const timers = new PausedTimers();
  let count = { connected: 0, current: 0 };
  using counts = new PeerCounts({ countOf: () => count, proxies: () => [web] }, board, timers);
  count = { connected: 2, current: 0 };
  counts.touch(web);
  await timers.pass(0);
  expect(board.countOf(web)).toEqual({ connected: 2, current: 0 });
  count = { connected: 2, current: 2 };
  await timers.pass(1_000);
  expect(board.countOf(web)).toEqual({ connected: 2, current: 2 });
});
