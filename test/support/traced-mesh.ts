/**
 * A mesh whose requests are traced: a Gateway calls front, which calls cart, and passes on what a trace needs; spans go to a collector that is
 * in the mesh itself. What is traced is up to the test.
 */
import { createServer, request, type Server } from "node:http";
import { freePorts } from "./free-ports.ts";
import { LoopbackAddresses } from "./loopback-addresses.ts";
import { gateway, type Manifest, route, selecting, workload } from "./manifests.ts";
import { CART_PORT, MeshWorld } from "./mesh-world.ts";
import { type RawAnswer, rawRequest } from "./raw-request.ts";
import type { Span } from "./otlp-spans.ts";
import type { AccessLine } from "./served-directory.ts";
import { SpanCollector } from "./span-collector.ts";

const OTLP_PORT = 4317;
/** `tracing` of a policy whose collector has no endpoints. */
export const towardsNobody: object = {
  provider: { backendRef: { name: "nobody", namespace: "monitoring", port: OTLP_PORT } },
};
const TELEMETRY_FILE = "telemetry.yaml";

export class TracedMesh implements AsyncDisposable {
  readonly world: MeshWorld;
  readonly collector: SpanCollector;
  readonly #gatewayPort: number;
  readonly #front: Server;

  private constructor(world: MeshWorld, front: Server, collector: SpanCollector, gatewayPort: number) {
    this.world = world;
    this.#front = front;
    this.#gatewayPort = gatewayPort;
    this.collector = collector;
  }

  /** The collector listens; nobody sends it anything yet. */
  static async start(): Promise<TracedMesh> {
    const [gatewayPort = 0, frontPort = 0, calledPort = 0] = await freePorts(3);
    const collector = new SpanCollector("grpc");
    const collectorPort = await collector.listen();
    const front = await passingOn(frontPort, calledPort);
    const addresses = new LoopbackAddresses();
    const world = await MeshWorld.start([
      gateway("edge", [{ name: "http", port: gatewayPort }]),
      route({
        name: "front",
        parent: "edge",
        rules: [{ backendRefs: [{ name: "front", namespace: "shop", port: CART_PORT }] }],
      }),
      routeOfCart,
      { apiVersion: `${EXPERIMENTAL}/v1alpha1`, kind: "XMesh", metadata: { name: "trilith" }, spec: ourMesh },
      grantOf("shop", `${GATEWAY_API}/HTTPRoute`, ["default"]),
      grantOf("monitoring", `${EXPERIMENTAL}/XTelemetryPolicy`, ["default", "trilith-system"]),
      selecting("front", "shop", { app: "front" }, CART_PORT),
      selecting("otlp", "monitoring", { app: "otlp" }, OTLP_PORT),
      selecting("nobody", "monitoring", { app: "nobody" }, OTLP_PORT),
      workload({
        name: "front",
        namespace: "shop",
        account: "front",
        address: addresses.next(),
        labels: { app: "front" },
        ports: [{ port: CART_PORT, localPort: frontPort }],
        calls: [{ service: { name: "cart" }, port: CART_PORT, localPort: calledPort }],
      }),
      workload({
        name: "otlp",
        namespace: "monitoring",
        account: "otlp",
        address: addresses.next(),
        labels: { app: "otlp" },
        ports: [{ port: OTLP_PORT, localPort: collectorPort }],
      }),
    ]);
    return new TracedMesh(world, front, collector, gatewayPort);
  }

  /** `tracing` of the Gateway, and of the mesh; where it is undefined there is no policy. */
  async trace({ gateway: ofGateway, mesh }: { readonly gateway?: object; readonly mesh?: object }): Promise<void> {
    const { served } = this.world;
    const edge = { group: GATEWAY_API, kind: "Gateway", name: "edge" };
    const all = { group: EXPERIMENTAL, kind: "XMesh", name: "trilith" };
    const before = await served.sentResources();
    served.write(TELEMETRY_FILE, [
      ...(ofGateway ? [policyOf("edge", "default", edge, ofGateway)] : []),
      ...(mesh ? [policyOf("mesh", "trilith-system", all, mesh)] : []),
    ]);
    await served.until("the policies", async () => {
      const { listener = 0 } = await served.sentResources();
      const { diagnostics } = await served.status();
      return listener > (before["listener"] ?? 0) && diagnostics.every(({ severity }) => severity !== "error");
    });
    await served.until("all Envoys", async () => (await this.#isSettled()) || undefined);
  }

  /** By the Gateway, through front, to cart. */
  async call(path: string, headers: readonly (readonly [string, string])[] = []): Promise<RawAnswer> {
    return await rawRequest({ port: this.#gatewayPort, host: "any.test", path, headers });
  }

  /** Those of requests for the path. */
  spansOf(path: string): Span[] {
    const spans = this.collector.spans();
    const traces = new Set(
      spans.filter(({ attributes }) => attributes["http.url"]?.endsWith(path)).map(({ traceId }) => traceId),
    );
    return spans.filter(({ traceId }) => traces.has(traceId));
  }

  /** Lines of the access log, of the collector's sidecar. */
  exports(): readonly AccessLine[] {
    return this.world.served.access.filter(({ path }) => String(path).includes("TraceService"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    this.#front.close();
    this.collector.close();
  }

  async #isSettled(): Promise<boolean> {
    const { body } = await this.world.served.ask("/proxies");
    const { connected } = JSON.parse(body) as { readonly connected: readonly { readonly behind: number }[] };
    return connected.every(({ behind }) => behind === 0);
  }
}

const GATEWAY_API = "gateway.networking.k8s.io";
const EXPERIMENTAL = "gateway.networking.x-k8s.io";
const ourMesh = { controllerName: "trilith.dev/mesh-controller" };

const routeOfCart: Manifest = {
  apiVersion: `${GATEWAY_API}/v1`,
  kind: "HTTPRoute",
  metadata: { name: "cart", namespace: "shop" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "cart" }],
    rules: [{ backendRefs: [{ name: "cart-v1", port: CART_PORT }] }],
  },
};

/** Lets objects of a kind (`group/Kind`) in these namespaces refer to Services of the namespace. */
function grantOf(namespace: string, kind: string, namespaces: readonly string[]): Manifest {
  const [group, name] = kind.split("/");
  const from = namespaces.map((one) => ({ group, kind: name, namespace: one }));
  const spec = { from, to: [{ group: "", kind: "Service" }] };
  return {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "ReferenceGrant",
    metadata: { name: "from-others", namespace },
    spec,
  };
}

function policyOf(name: string, namespace: string, target: object, tracing: object): Manifest {
  const provider = { backendRef: { name: "otlp", namespace: "monitoring", port: OTLP_PORT } };
  const spec = { targetRefs: [target], tracing: { mode: "Enabled", provider, ...tracing } };
  return { apiVersion: `${EXPERIMENTAL}/v1alpha1`, kind: "XTelemetryPolicy", metadata: { name, namespace }, spec };
}

/** A program that calls another for every request, and passes on the trace. */
async function passingOn(port: number, calledPort: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const { traceparent, tracestate } = incoming.headers;
    const headers = { host: "cart", ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
    request({ host: "127.0.0.1", port: calledPort, path: incoming.url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502);
      answer.pipe(outgoing);
    })
      .on("error", () => outgoing.writeHead(502).end())
      .end();
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  return server;
}
