/** XTelemetryPolicies for the mesh, in real Envoys: traces through a Gateway and several sidecars, and a collector that is in the mesh, or away. */
import { expect, test } from "vitest";
import { envoyBinary } from "../support/envoy-binary.ts";
import type { Span } from "../support/otlp-spans.ts";
import type { AccessLine } from "../support/served-directory.ts";
import { towardsNobody, TracedMesh } from "../support/traced-mesh.ts";

const skipped = envoyBinary() === undefined;

interface Branch {
  readonly span: string;
  readonly leadsTo?: readonly Branch[];
}

/** Each span as the service that made it and its kind, below its parent. Empty where there is none, or not all of them have come. */
function treeOf(spans: readonly Span[], parentId = ""): Branch[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .map(({ id, kind, resource }) => {
      const below = treeOf(spans, id);
      const span = `${kind} ${resource["service.name"] ?? ""}`;
      return below.length === 0 ? { span } : { span, leadsTo: below };
    });
}

const line = ([span = "", ...rest]: readonly string[]): Branch =>
  rest.length === 0 ? { span } : { span, leadsTo: [line(rest)] };

const EVERY_HOP = ["server edge.default", "client edge.default", "server front", "client front", "server cart-v1"];

const never = { samplingRate: { numerator: 0 } };
const PARENT = "b".repeat(16);
const recorded = (id: string): [string, string][] => [["traceparent", `00-${id.repeat(32)}-${PARENT}-01`]];

async function until(mesh: TracedMesh, path: string, count: number): Promise<Span[]> {
  const { served } = mesh.world;
  await served.until(`${count} spans of ${path}`, () => mesh.spansOf(path).length >= count, 30_000);
  return mesh.spansOf(path);
}

test.skipIf(skipped)(
  "a call through a Gateway and two sidecars is one trace, with a name for each workload",
  async () => {
    await using mesh = await TracedMesh.start();
    await mesh.trace({ gateway: {}, mesh: {} });
    expect((await mesh.call("/one")).status).toBe(200);
    const spans = await until(mesh, "/one", EVERY_HOP.length);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(treeOf(spans)).toEqual([line(EVERY_HOP)]);
    const ofCart = spans.find(({ resource }) => resource["service.name"] === "cart-v1");
    expect([ofCart?.name, ofCart?.resource["service.namespace"], ofCart?.resource["service.instance.id"]]).toEqual([
      "GET",
      "shop",
      "shop.cart-v1",
    ]);
    // Spans travel between members as everything does, and nobody makes spans of that: they would have come with the next ones.
    expect(mesh.exports().filter(({ caller }) => caller === null)).toEqual([]);
    await mesh.call("/two");
    await until(mesh, "/two", EVERY_HOP.length);
    expect(mesh.collector.spans().filter(({ resource }) => resource["service.name"] === "otlp")).toEqual([]);
  },
);

test.skipIf(skipped)("the access log says of each hop whose trace it is, who called and who was called", async () => {
  await using mesh = await TracedMesh.start();
  await mesh.trace({ gateway: {}, mesh: {} });
  await mesh.call("/logged", recorded("d"));
  const { served } = mesh.world;
  const lines = (): readonly AccessLine[] => served.access.filter(({ path }) => path === "/logged");
  await served.until("every hop's line", () => lines().length === 4);
  const account = (name: string): string => `spiffe://cluster.local/ns/shop/sa/${name}`;
  const shown = lines().map(({ workload, reporter, traceId, route, ...line }) => ({
    of: workload ?? "gateway",
    reporter: reporter ?? "gateway",
    trace: traceId === "d".repeat(32),
    route,
    from: [line["sourceWorkload"] ?? null, line["sourceIdentity"] ?? null],
    to: [line["destinationWorkload"] ?? null, line["destinationIdentity"] ?? null],
  }));
  const gateways = "spiffe://cluster.local/ns/trilith-system/sa/gateways";
  expect(shown.sort((a, b) => `${a.of}${a.reporter}`.localeCompare(`${b.of}${b.reporter}`))).toEqual([
    {
      of: "gateway",
      reporter: "gateway",
      trace: true,
      route: "HTTPRoute/default/front#0/0",
      from: [null, null],
      to: ["front", account("front")],
    },
    {
      of: "shop/cart-v1",
      reporter: "destination",
      trace: true,
      route: null,
      from: [null, account("front")],
      to: ["cart-v1", account("cart")],
    },
    {
      of: "shop/front",
      reporter: "destination",
      trace: true,
      route: null,
      from: [null, gateways],
      to: ["front", account("front")],
    },
    {
      of: "shop/front",
      reporter: "source",
      trace: true,
      route: "HTTPRoute/shop/cart#0/0",
      from: ["front", account("front")],
      to: ["cart-v1", account("cart")],
    },
  ]);
});

test.skipIf(skipped)("a trace is whole or not there: who begins it has decided", async () => {
  await using mesh = await TracedMesh.start();
  await mesh.trace({ gateway: never, mesh: {} });
  for (let count = 0; count < 5; count++) await mesh.call("/unwanted");
  // Whatever else a client says of its request.
  await mesh.call("/wanted", [...recorded("a"), ["x-request-id", "mine"]]);
  const spans = await until(mesh, "/wanted", EVERY_HOP.length);
  expect(treeOf(spans, PARENT)).toEqual([line(EVERY_HOP)]);
  // Without a policy of its own the Gateway passes on what it is told, and the mesh begins traces.
  await mesh.trace({ mesh: never });
  for (let count = 0; count < 5; count++) await mesh.call("/unwanted");
  await mesh.call("/passed-on", recorded("c"));
  expect(treeOf(await until(mesh, "/passed-on", 3), PARENT)).toEqual([line(EVERY_HOP.slice(2))]);
  expect(mesh.spansOf("/unwanted")).toEqual([]);
});

test.skipIf(skipped)("no call fails while policies come, change and go, and the collector is away", async () => {
  await using mesh = await TracedMesh.start();
  await using load = new SteadyCalls(mesh);
  // Nothing waits for a collector that has no endpoints, or hangs up.
  await mesh.trace({ gateway: towardsNobody, mesh: towardsNobody });
  mesh.collector.isAway = true;
  await mesh.trace({ gateway: {}, mesh: {} });
  await mesh.world.served.until("an export that failed", () => mesh.exports().some(({ flags }) => flags !== null));
  await mesh.trace({ mesh: { spanName: "call" } });
  mesh.collector.isAway = false;
  await until(mesh, "/steady", 1);
  await mesh.trace({});
  expect(await load.stop()).toEqual([]);
});

/** Calls without a pause, of which none may fail. */
class SteadyCalls implements AsyncDisposable {
  readonly #mesh: TracedMesh;
  readonly #failures: unknown[] = [];
  readonly #calling: Promise<void>;
  #isOver = false;

  constructor(mesh: TracedMesh) {
    this.#mesh = mesh;
    this.#calling = this.#run();
  }

  /** What failed. */
  async stop(): Promise<readonly unknown[]> {
    this.#isOver = true;
    await this.#calling;
    return this.#failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const answer = await this.#mesh.call("/steady").catch(String);
      if (typeof answer === "string" || answer.status !== 200) this.#failures.push(answer);
    }
  }
}
