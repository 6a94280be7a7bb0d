import { expect, onTestFinished, test } from "vitest";
import { createCertificateAuthority } from "../../test/support/certificate-authority.ts";
import type { ListenerKey, ProxyKey, SocketKey } from "../model/index.ts";
import type { EndpointSlice } from "../resources/index.ts";
import { createEngine, type Engine } from "./engine.ts";
import { type PeerExchange, type PeerExchangeOptions, startPeerExchange } from "./peer-exchange.ts";
import { CONTROLLER_NAME, standaloneSettings } from "./standalone-settings.ts";

const web = "shop/web" as ProxyKey;
const socket = "shop/web/tcp/0.0.0.0/80" as SocketKey;
const service = { namespace: "trilith-system", name: "trilith" };
const SERVER_NAME = "trilith.trilith-system.svc";

type Tls = NonNullable<PeerExchangeOptions["tls"]>;

interface Replica {
  readonly engine: Engine;
  readonly exchange: PeerExchange;
  readonly problems: string[];
  programmed(): readonly number[] | undefined;
}

async function replica(name: string, tls: Tls): Promise<Replica> {
  const engine = createEngine(standaloneSettings({ bindAddress: "0.0.0.0" }));
  const problems: string[] = [];
  const exchange = await startPeerExchange({
    engine,
    stored: { get: () => undefined },
    controllerName: CONTROLLER_NAME,
    replica: name,
    listen: { host: "127.0.0.1", port: 0 },
    authorize: async (authorization) => await Promise.resolve(authorization === "Bearer token"),
    tls,
    token: async () => await Promise.resolve("token"),
    service,
    onProblem: (problem) => problems.push(problem),
  });
  onTestFinished(() => exchange[Symbol.asyncDispose]());
  exchange.open();
  const programmed = (): readonly number[] | undefined =>
    engine.driven.socketReports.get(socket)?.programmed.map(({ generation }) => generation);
  return { engine, exchange, problems, programmed };
}

const sliceOf = ({ exchange }: Replica, name: string): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { namespace: service.namespace, name, labels: { "kubernetes.io/service-name": service.name } },
  addressType: "IPv4",
  endpoints: [{ addresses: ["127.0.0.1"] }],
  ports: [{ name: "peers", protocol: "TCP", port: exchange.server.port }],
});

function report({ exchange }: Replica, generation: number): void {
  exchange.board.count(web, { connected: 1, current: 1 });
  const listener = "Gateway/shop/web/http" as ListenerKey;
  exchange.board.local.socketReports.set({ key: socket, programmed: [{ listener, generation }] });
}

async function tlsOf(names: readonly string[]): Promise<Tls> {
  const authority = await createCertificateAuthority();
  const { certificate, key } = await authority.issue({ commonName: "trilith", names });
  return {
    server: { cert: certificate, key },
    client: () => ({ ca: authority.certificate, servername: SERVER_NAME }),
  };
}

test("replicas find each other by the EndpointSlices of their Service, and agree over TLS", async () => {
  const tls = await tlsOf([SERVER_NAME]);
  const [a, b] = [await replica("a", tls), await replica("b", tls)];
  for (const { engine } of [a, b]) {
    engine.sources.endpointSlices.set(sliceOf(a, "trilith-1"));
    engine.sources.endpointSlices.set(sliceOf(b, "trilith-2"));
  }
  report(a, 2);
  report(b, 1);
  await expect.poll(() => [a.exchange.board.replicas, b.exchange.board.replicas]).toEqual([["b"], ["a"]]);
  report(b, 2);
  await expect.poll(() => [a.programmed(), b.programmed()]).toEqual([[2], [2]]);
  a.engine.sources.endpointSlices.delete("EndpointSlice.discovery.k8s.io/trilith-system/trilith-2");
  await expect.poll(() => a.exchange.board.replicas).toEqual([]);
});

test("whoever has no certificate of the control plane's authority is not listened to", async () => {
  const a = await replica("a", await tlsOf([SERVER_NAME]));
  const stranger = await replica("b", await tlsOf([SERVER_NAME]));
  a.engine.sources.endpointSlices.set(sliceOf(stranger, "trilith-2"));
  await expect.poll(() => a.problems[0]).toContain("certificate");
  expect(a.exchange.board.replicas).toEqual([]);
});
