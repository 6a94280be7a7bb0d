import { array, assert, constantFrom, integer, option, property, record, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import type { ListenerKey, ProxyKey, SocketKey } from "../model/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import type { RouteReport, SocketReport } from "../translate/index.ts";
import { mergeRouteReports, mergeSocketReports, proxyOfSocket } from "./peer-reports.ts";

const socket = "shop/web/tcp/0.0.0.0/80" as SocketKey;
const listener = (name: string): ListenerKey => `Gateway/shop/web/${name}` as ListenerKey;
const socketReport = (generations: Readonly<Record<string, number>>, problem?: string): SocketReport => ({
  key: socket,
  programmed: Object.entries(generations).map(([name, generation]) => ({ listener: listener(name), generation })),
  ...(problem !== undefined && { problem: { reason: "Refused", message: problem } }),
});
const identity = { key: "r|shop/web", route: "HTTPRoute/shop/r" as ObjectKey, proxy: "shop/web" as ProxyKey };
const routeReport = (generation: number, rest: Partial<RouteReport> = {}): RouteReport => ({
  ...identity,
  generation,
  ...rest,
});

test("a listener is programmed at the generation that every replica's proxies have acknowledged", () => {
  const told = [socketReport({ a: 3, b: 2 }), socketReport({ a: 2, b: 2, c: 1 })];
  expect(mergeSocketReports(socket, told)).toEqual(socketReport({ a: 2, b: 2 }));
});

test("a refusal by the proxies of one replica is one", () => {
  expect(mergeSocketReports(socket, [socketReport({ a: 1 }), socketReport({}, "no such filter")])).toEqual(
    socketReport({}, "no such filter"),
  );
  const problem = "too large";
  expect(mergeRouteReports(identity, [routeReport(2), routeReport(1, { problem })])).toEqual(
    routeReport(1, { problem, isFollowed: true }),
  );
});

test("what was programmed stays so while nobody is connected, or somebody has just come", () => {
  const before = socketReport({ a: 3 });
  expect(mergeSocketReports(socket, [], before)).toEqual(before);
  expect(mergeSocketReports(socket, [socketReport({ a: 3 }), undefined], before)).toEqual(before);
  expect(mergeRouteReports(identity, [], routeReport(3))).toEqual(routeReport(3));
  expect(mergeRouteReports(identity, [routeReport(4), undefined], routeReport(3))).toEqual(
    routeReport(3, { isFollowed: true }),
  );
});

test("a route says nothing of an earlier one with its name, whoever told of that", () => {
  const [first, second] = [{ uid: "1" }, { uid: "2" }];
  const old = routeReport(1, { ...first, problem: "too large" });
  expect([
    mergeRouteReports({ ...identity, ...second }, [routeReport(1, second), old], old),
    mergeRouteReports({ ...identity, ...second }, [routeReport(1, second), routeReport(1, second)], old),
    mergeRouteReports({ ...identity, ...second }, [], old),
  ]).toEqual([
    routeReport(0, { ...second, isFollowed: true }),
    routeReport(1, { ...second, isFollowed: true }),
    routeReport(0, second),
  ]);
});

test("a listener says nothing of that of an earlier Gateway with its name, whoever told of that", () => {
  const of = (uid: string, generation: number): SocketReport => ({
    key: socket,
    programmed: [{ listener: listener("a"), generation, uid }],
  });
  const both = { key: socket, programmed: [...of("1", 5).programmed, ...of("2", 1).programmed] };
  expect([
    // One replica does not know yet that it is another one.
    mergeSocketReports(socket, [of("2", 1), of("1", 5)], of("1", 5)),
    mergeSocketReports(socket, [of("2", 1), of("2", 1)], of("1", 5)),
    mergeSocketReports(socket, [of("2", 2), of("2", 1)], both),
    mergeSocketReports(socket, [], of("1", 5)),
  ]).toEqual([of("1", 5), of("2", 1), of("2", 1), of("1", 5)]);
});

test("a listener that no replica tells of any more is forgotten", () => {
  const before = socketReport({ a: 3, gone: 3 });
  expect(mergeSocketReports(socket, [socketReport({ a: 4 })], before)).toEqual(socketReport({ a: 4 }));
});

test("with nobody who says anything, nothing is programmed", () => {
  expect(mergeSocketReports(socket, [])).toEqual(socketReport({}));
  expect(mergeRouteReports(identity, [])).toEqual(routeReport(0));
});

test("a socket's proxy is known by its key", () => {
  expect(["shop/web/tcp/0.0.0.0/80", "local/udp/::1/53"].map((key) => proxyOfSocket(key as SocketKey))).toEqual([
    "shop/web",
    "local",
  ]);
});

const anySocketReport = record({
  key: constantFrom(socket),
  programmed: uniqueArray(
    record({ listener: constantFrom(listener("a"), listener("b")), generation: integer({ min: 1, max: 5 }) }),
    { selector: (programmed) => programmed.listener },
  ),
});
const anyTold = array(option(anySocketReport, { nil: undefined }), { maxLength: 4 });
const generationIn = (report: SocketReport | undefined, name: ListenerKey): number =>
  report?.programmed.find((programmed) => programmed.listener === name)?.generation ?? 0;

test("no replica's silence and no order of replicas makes more programmed than all of them acknowledged", () => {
  assert(
    property(anyTold, option(anySocketReport, { nil: undefined }), (told, before) => {
      const merged = mergeSocketReports(socket, told, before);
      expect(mergeSocketReports(socket, told.toReversed(), before)).toEqual(merged);
      for (const name of [listener("a"), listener("b")]) {
        const least = told.length === 0 ? 0 : Math.min(...told.map((report) => generationIn(report, name)));
        const most = Math.max(least, generationIn(before, name));
        expect(generationIn(merged, name)).toBeLessThanOrEqual(most);
        expect(generationIn(merged, name)).toBeGreaterThanOrEqual(least);
      }
    }),
  );
});

test("telling the same again changes nothing", () => {
  assert(
    property(anyTold, (told) => {
      const merged = mergeSocketReports(socket, told);
      expect(mergeSocketReports(socket, told, merged)).toEqual(merged);
    }),
  );
});
