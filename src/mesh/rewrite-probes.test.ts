import { expect, test } from "vitest";
import { MAX_GRPC_PROBES } from "../model/index.ts";
import type { AskedContainer } from "./pod.ts";
import { rewriteProbes } from "./rewrite-probes.ts";

test("what the kubelet asks of a workload is asked of the sidecar, and everything else about it stays", () => {
  const container = {
    name: "cart",
    image: "cart:1",
    ports: [{ name: "web", containerPort: 8080 }],
    livenessProbe: {
      httpGet: { path: "/live?a=1", port: "web", httpHeaders: [{ name: "a", value: "b" }] },
      periodSeconds: 7,
    },
    readinessProbe: { tcpSocket: { port: 9090 }, failureThreshold: 2 },
    startupProbe: { grpc: { port: 9091, service: "cart" } },
    lifecycle: { preStop: { httpGet: { port: 8443, scheme: "HTTPS" } }, postStart: { exec: { command: ["true"] } } },
  } as AskedContainer;
  expect(rewriteProbes([container])).toEqual({
    containers: [
      {
        name: "cart",
        image: "cart:1",
        ports: [{ name: "web", containerPort: 8080 }],
        livenessProbe: {
          httpGet: {
            path: "/probes/cart/liveness",
            port: 15_021,
            scheme: "HTTP",
            httpHeaders: [{ name: "a", value: "b" }],
          },
          periodSeconds: 7,
        },
        readinessProbe: {
          httpGet: { path: "/probes/cart/readiness", port: 15_021, scheme: "HTTP" },
          failureThreshold: 2,
        },
        startupProbe: { grpc: { port: 15_030, service: "cart" } },
        lifecycle: {
          preStop: { httpGet: { path: "/probes/cart/preStop", port: 15_021, scheme: "HTTP" } },
          postStart: { exec: { command: ["true"] } },
        },
      },
    ],
    probes: [
      { kind: "http", asked: "/probes/cart/liveness", port: 8080, path: "/live?a=1", overTls: false },
      { kind: "tcp", asked: "/probes/cart/readiness", port: 9090 },
      { kind: "grpc", askedPort: 15_030, port: 9091 },
      { kind: "http", asked: "/probes/cart/preStop", port: 8443, path: "/", overTls: true },
    ],
  });
});

test.each([
  ["asks another host", { livenessProbe: { httpGet: { host: "example.com", port: 80 } } }],
  ["connects to another host", { livenessProbe: { tcpSocket: { host: "example.com", port: 80 } } }],
  ["names a port that there is not", { readinessProbe: { httpGet: { port: "web" } } }],
  ["runs a program", { startupProbe: { exec: { command: ["true"] } } }],
  ["waits", { lifecycle: { preStop: { sleep: { seconds: 1 } } } }],
])("what %s stays", (_what, asks) => {
  const container = { name: "cart", ...asks } as AskedContainer;
  expect(rewriteProbes([container])).toEqual({ containers: [container], probes: [] });
});

test("gRPC probes have a port each, beyond those of other containers, until there are no more", () => {
  const containerOf = (name: string): AskedContainer => ({ name, livenessProbe: { grpc: { port: 9091 } } });
  const first = rewriteProbes([containerOf("first")]);
  const others = Array.from({ length: MAX_GRPC_PROBES }, (_, index) => containerOf(`c${index}`));
  const { containers, probes } = rewriteProbes(others, first.probes);
  expect([
    probes.length,
    containers[0]?.livenessProbe?.grpc?.port,
    containers.at(-1)?.livenessProbe?.grpc?.port,
  ]).toEqual([MAX_GRPC_PROBES, 15_031, 9091]);
});
