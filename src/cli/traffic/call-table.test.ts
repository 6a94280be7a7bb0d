import { expect, test } from "vitest";
import { callTable } from "./call-table.ts";
import type { CallRate } from "./rates.ts";

const rate: CallRate = {
  source: "shop/web",
  destination: "shop/cart",
  workload: "cart-v1",
  kind: "requests",
  security: "mTLS",
  perSecond: 1234.5,
  failedShare: 0.0123,
  bytesPerSecond: 3_500_000,
  p50Ms: 0.5,
  p99Ms: 2500,
};
const { failedShare: _, p50Ms: __, p99Ms: ___, ...connection } = rate;

test("a table of calls has a row for each, with what is known of it", () => {
  const rows = [
    rate,
    { ...connection, kind: "connections" as const, security: "plain" as const, perSecond: 0.051, bytesPerSecond: 12 },
  ];
  expect(callTable(rows)).toBe(
    [
      "SOURCE    DESTINATION  WORKLOAD  VIA        RATE     FAILED  P50    P99   BYTES",
      "shop/web  shop/cart    cart-v1   HTTP mTLS  1235/s   1.2%    0.5ms  2.5s  3.3 MiB/s",
      "shop/web  shop/cart    cart-v1   TCP plain  0.051/s                       12 B/s",
      "",
    ].join("\n"),
  );
});

test("what does not fit is counted, and nothing is said to be nothing", () => {
  expect([callTable([rate, rate, rate], 1).split("\n").at(-2), callTable([])]).toEqual(["and 2 more", "no calls\n"]);
});
