import { expect, test } from "vitest";
import { callsOf } from "./calls.ts";
import { changesBetween, type ProxySeries } from "./changes.ts";
import { readPage } from "./prometheus-page.ts";
import { type CallRate, percentileOf, ratesOf } from "./rates.ts";

const WEB = "spiffe://cluster.local/ns/shop/sa/web";
const CART = "spiffe://cluster.local/ns/shop/sa/cart";

const toCart = `source_namespace="shop",source_workload="web",source_identity="${WEB}",destination_namespace="shop",destination_service="cart",destination_workload="cart-v1",destination_identity="${CART}",tls="TLSv1.3"`;
const ofWeb = (requests: number, failed: number, fast: number): string => `
# TYPE envoy_trilith_requests_total counter
envoy_trilith_requests_total{reporter="source",${toCart},response_class="2xx",grpc_status=""} ${requests}
envoy_trilith_requests_total{reporter="source",${toCart},response_class="2xx",grpc_status="UNAVAILABLE"} ${failed}
envoy_trilith_requests_total{reporter="source",${toCart},response_class="4xx",grpc_status=""} 0
envoy_trilith_response_bytes_total{reporter="source",${toCart}} ${requests * 100}
envoy_trilith_request_duration_milliseconds_bucket{reporter="source",${toCart},le="1"} ${fast}
envoy_trilith_request_duration_milliseconds_bucket{reporter="source",${toCart},le="5"} ${requests}
envoy_trilith_request_duration_milliseconds_bucket{reporter="source",${toCart},le="+Inf"} ${requests}
envoy_server_live{} 1
`;
const inbound = (identity: string): string =>
  `reporter="destination",source_identity="${identity}",destination_namespace="shop",destination_workload="cart-v1",destination_identity="${CART}"`;
const ofCart = (count: number): string => `
envoy_trilith_requests_total{${inbound(WEB)},tls="TLSv1.3",response_class="2xx",grpc_status=""} 999
envoy_trilith_requests_total{${inbound("spiffe://cluster.local/ns/bank/sa/teller")},tls="TLSv1.3",response_class="5xx",grpc_status=""} ${count}
envoy_trilith_connections_opened_total{${inbound("")},tls=""} ${count}
envoy_trilith_connections_closed_total{${inbound("")},tls="",flags="UF"} ${count}
`;

type Pages = Readonly<Record<string, string>>;

const seriesOf = (pages: Pages): ProxySeries =>
  new Map(Object.entries(pages).map(([proxy, page]) => [proxy, readPage(page)]));

/** In ten seconds. */
const ratesBetween = (before: Pages, after: Pages): readonly CallRate[] =>
  ratesOf(callsOf(changesBetween(seriesOf(before), seriesOf(after))), 10);

test("calls are told once: by the caller's proxy, and by the other end where the caller's was not read", () => {
  const before = { web: ofWeb(100, 0, 100), cart: ofCart(5) };
  const after = { web: ofWeb(200, 25, 150), cart: ofCart(15) };
  expect(ratesBetween(before, after)).toEqual([
    {
      source: "shop/web",
      destination: "shop/cart",
      workload: "cart-v1",
      kind: "requests",
      security: "mTLS",
      perSecond: 12.5,
      failedShare: 0.2,
      bytesPerSecond: 1000,
      p50Ms: 1,
      p99Ms: 4.92,
    },
    {
      source: "bank/teller (account)",
      destination: "shop/cart-v1",
      workload: "",
      kind: "requests",
      security: "mTLS",
      perSecond: 1,
      failedShare: 1,
      bytesPerSecond: 0,
    },
    {
      source: "outside",
      destination: "shop/cart-v1",
      workload: "",
      kind: "connections",
      security: "plain",
      perSecond: 1,
      failedShare: 1,
      bytesPerSecond: 0,
    },
  ]);
});

test("what a proxy has counted before it was started anew is not taken away from what it counts now", () => {
  const rates = ratesBetween({ web: ofWeb(1000, 0, 0) }, { web: ofWeb(10, 0, 0) });
  expect(rates.map(({ perSecond }) => perSecond)).toEqual([1]);
});

test("a proxy that goes takes nothing from what others count, and one that comes brings nothing of before", () => {
  const before = { "web-1": ofWeb(1000, 0, 0), "web-2": ofWeb(500, 0, 0) };
  const after = { "web-2": ofWeb(520, 0, 0), "web-3": ofWeb(4000, 0, 0) };
  expect(ratesBetween(before, after).map(({ perSecond }) => perSecond)).toEqual([2]);
});

test("nothing is told where nothing happened", () => {
  const pages = { web: ofWeb(100, 1, 5) };
  expect(ratesBetween(pages, pages)).toEqual([]);
});

test("a percentile beyond the last bound is that bound, and of nothing there is none", () => {
  const beyond = new Map([
    [5, 1],
    [10, 1],
    [Number.POSITIVE_INFINITY, 4],
  ]);
  expect([percentileOf(beyond, 0.99), percentileOf(beyond, 0.25), percentileOf(new Map(), 0.5)]).toEqual([
    10,
    5,
    undefined,
  ]);
});

test("labels may have quotes and backslashes in them", () => {
  expect(readPage('a_total{b="c\\"d\\\\e",f=""} 1.5\nb 2\nnonsense')).toEqual([
    { name: "a_total", labels: { b: 'c"d\\e', f: "" }, value: 1.5 },
    { name: "b", labels: {}, value: 2 },
  ]);
});
