/**
 * Under constant load everything about the configuration changes, again and again, and no client may notice more than what an edit
 * says. The same clients ask backends of their own without a gateway at the same time, so that what the machine does to
 * both can be told from what the gateway does.
 */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startGrpcBackend, startHttpBackend } from "../backends/index.ts";
import { callGrpc } from "../support/grpc-call.ts";
import { ChurnWorld, GRPC_PATH } from "../support/churn-world.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { to, under } from "../support/manifests.ts";
import { LoadTarget, PacedLoad } from "../support/paced-load.ts";
import type { LoadFailure } from "../support/paced-load.ts";
import type { AccessLine } from "../support/served-directory.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

const CHURN_MS = 60_000;
const STREAM_MESSAGES = 240;
const STREAM_PACE_MS = 250;

type Edit = (world: ChurnWorld) => Promise<void>;

const edits: Readonly<Record<string, Edit>> = {
  "backend switched": async (world) => {
    const all = [...world.shop, world.api];
    await world.change(all, ["two"], () => world.writeShop({ backends: [to("two")] }));
    await world.change(all, ["one"], () => world.writeShop({}));
  },
  "weights changed": async (world) => {
    const all = [...world.shop, world.api];
    await world.change(all, ["one", "two"], () => world.writeShop({ backends: [to("one", 1), to("two", 3)] }));
    await world.change(all, ["two"], () => world.writeShop({ backends: [to("one", 0), to("two", 3)] }));
    await world.change(all, ["one"], () => world.writeShop({}));
  },
  "filters added and removed": async (world) => {
    const headers = { set: [{ name: "x-edit", value: "yes" }] };
    const filters = [{ type: "ResponseHeaderModifier", responseHeaderModifier: headers }];
    await world.change(world.shop, ["one"], () => world.writeShop({ filters }));
    const cors = [{ type: "CORS", cors: { allowOrigins: ["https://shop.test"] } }];
    await world.change(world.shop, ["one"], () => world.writeShop({ filters: [...filters, ...cors] }));
    await world.change(world.shop, ["one"], () => world.writeShop({}));
  },
  "rules added and removed": async (world) => {
    const rules = [{ matches: [under("/api")], backendRefs: [to("two")] }];
    await world.change([world.api], ["two"], () => world.writeShop({ rules }));
    await world.change([world.api], ["one"], () => world.writeShop({}));
  },
  "host moved to another route": async (world) => {
    await world.change([world.moved], ["two"], () => world.writeMoved("two"));
    await world.change([world.moved], ["one"], () => world.writeMoved("one"));
  },
  "certificate rotated": async (world) => {
    const name = `rotated-${world.load.requests}`;
    const secret = await world.issue(name);
    await world.change([world.secure], [`one@${name}`], () => world.served.write("certificate.yaml", [secret]));
  },
  "endpoints replaced while the old ones drain": async (world) => {
    await world.replaceBackend("one", "one");
    await world.replaceBackend("grpc-one", "grpc-one");
  },
  "route deleted and recreated in another file": async (world) => {
    const isHere = async (): Promise<boolean> => (await world.served.conditions("HTTPRoute", "shop-again")).length > 0;
    await world.keep(() => world.served.write("again.yaml", [world.shopRoute({ name: "shop-again" })]), isHere);
    const isGone = async (): Promise<boolean> => (await world.served.conditions("HTTPRoute", "shop")).length === 0;
    await world.keep(() => world.served.remove("shop.yaml"), isGone);
    await world.keep(
      () => world.writeShop({}),
      async () => !(await isGone()),
    );
    await world.keep(
      () => world.served.remove("again.yaml"),
      async () => !(await isHere()),
    );
  },
  "Service port changed": async (world) => {
    await world.change(world.ported, ["one"], () => world.writePorted(8080));
    await world.change(world.ported, ["one"], () => world.writePorted(80));
  },
  "a backend's protocol changed": async (world) => {
    await world.change([world.grpc], ["grpc-two"], () => world.writeGrpc("grpc-two"));
    await world.change([world.grpc], ["grpc-one"], () => world.writeGrpc("grpc-one"));
  },
  "a file that is no YAML, and an object that is not valid": async (world) => {
    const isHeld = async (): Promise<boolean> => (await world.served.status()).heldFiles.length > 0;
    const isGood = async (): Promise<boolean> => !(await isHeld());
    await world.keep(() => world.served.write("shop.yaml", "kind: [HTTPRoute"), isHeld);
    await world.keep(() => world.writeShop({}), isGood);
    await world.keep(() => world.writeShop({ backends: [{ name: "one", port: "eighty" }] }), isHeld);
    await world.keep(() => world.writeShop({}), isGood);
  },
  "a rule that Envoy would refuse, which is left out": async (world) => {
    // A script that the Unicode of Envoy's RE2 has not yet.
    const headers = [{ name: "x-name", type: "RegularExpression", value: "\\p{Garay}+" }];
    const rules = [{ matches: [{ headers }], backendRefs: [to("two")] }];
    const isLeftOut = async (): Promise<boolean> =>
      (await world.served.conditions("HTTPRoute", "shop")).some((one) => one.startsWith("PartiallyInvalid=True"));
    await world.keep(() => world.writeShop({ rules }), isLeftOut);
    await world.change([world.moved], ["two"], () => world.writeMoved("two"));
    await world.change([world.moved], ["one"], () => world.writeMoved("one"));
    await world.keep(
      () => world.writeShop({}),
      async () => !(await isLeftOut()),
    );
  },
  "listeners added and removed": async (world) => {
    const { other, https } = world.ports;
    const another = { name: "another", protocol: "HTTPS", hostname: "another.test", certificate: "secure" } as const;
    const isServed = async (count: number): Promise<boolean> => {
      const { objects } = await world.served.status();
      const edge = objects.find(({ kind }) => kind === "Gateway")?.status.listeners ?? [];
      const programmed = ({ conditions }: (typeof edge)[number]): boolean =>
        conditions.some(({ type, status }) => type === "Programmed" && status === "True");
      return edge.length === count && edge.every(programmed);
    };
    await world.keep(
      () => world.writeGateway([{ name: "other", port: other }]),
      () => isServed(3),
    );
    await world.keep(
      () => world.writeGateway([{ ...another, port: https }]),
      () => isServed(3),
    );
    await world.keep(
      () => world.writeGateway([]),
      () => isServed(2),
    );
  },
};

/** Of a failed request: what the gateway says about it; a client that the gateway knows nothing of says what it saw. */
function causeOf({ id, got, isMisrouted }: LoadFailure, access: readonly AccessLine[]): string {
  const line = access.find(({ requestId }) => requestId === id);
  if (isMisrouted) return `misrouted to ${got}`;
  return line ? `${String(line["status"])} ${String(line["flags"] ?? line["details"])}` : `no answer: ${got}`;
}

function countBy(causes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const cause of causes) counts[cause] = (counts[cause] ?? 0) + 1;
  return counts;
}

/** The same clients on backends of their own, without a gateway. */
class ControlRun implements AsyncDisposable {
  readonly load: PacedLoad = new PacedLoad("control");
  readonly #close: () => Promise<unknown>;

  private constructor(close: () => Promise<unknown>) {
    this.#close = close;
  }

  static async start(): Promise<ControlRun> {
    const http = await startHttpBackend({ name: "control" });
    const grpc = await startGrpcBackend({ name: "control" });
    const run = new ControlRun(() => Promise.all([http.close(), grpc.close()]));
    for (const protocol of ["http1", "http1-new", "http2"] as const)
      run.load.add(new LoadTarget({ protocol, port: http.port, host: "shop.test", path: "/" }, ["control"]));
    const where = { protocol: "grpc", port: grpc.port, host: "grpc.test", path: GRPC_PATH } as const;
    run.load.add(new LoadTarget(where, ["control"]));
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.stop();
    await this.#close();
  }
}

/** A WebSocket to the calm host, that is used all the time. */
async function echoUntil(signal: AbortSignal, port: number): Promise<{ readonly echoed: number }> {
  const socket = await WebSocketClient.open(port, "calm.test", "/socket");
  await socket.receive();
  let echoed = 0;
  while (!signal.aborted) {
    socket.send(`message ${echoed}`);
    expect(await socket.receive()).toBe(`message ${echoed}`);
    echoed += 1;
    await delay(STREAM_PACE_MS);
  }
  socket.close();
  return { echoed };
}

test.skipIf(envoyBinary() === undefined)("no request fails or goes astray while everything is edited", async () => {
  await using control = await ControlRun.start();
  await using world = await ChurnWorld.start();
  const over = new AbortController();
  const webSocket = echoUntil(over.signal, world.ports.http);
  const request = { text: "long", count: STREAM_MESSAGES, delayMs: STREAM_PACE_MS };
  const stream = callGrpc({
    port: world.ports.http,
    authority: "calm-grpc.test",
    path: "/trilith.test.Echo/Stream",
    request,
  });
  stream.catch(() => {});
  webSocket.catch(() => {});
  const counts: Record<string, number> = {};
  const end = performance.now() + CHURN_MS;
  while (performance.now() < end) {
    for (const [name, edit] of Object.entries(edits)) {
      await edit(world);
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  const { replies, status } = await stream;
  over.abort();
  const { echoed } = await webSocket;
  await world.load.stop();
  await control.load.stop();
  const failed = new Set(world.load.failures.map(({ id }) => id));
  const known = (): number => world.served.access.filter(({ requestId }) => failed.has(String(requestId))).length;
  await world.served.until("the access log of what failed", () => known() >= failed.size, 2_000).catch(() => {});
  const causes = world.load.failures.map((failure) => causeOf(failure, world.served.access));
  const report = {
    requests: world.load.requests,
    failures: countBy(causes),
    controlRequests: control.load.requests,
    controlFailures: countBy(control.load.failures.map(({ got }) => got)),
    editsByKind: counts,
    webSocketMessages: echoed,
    streamMessages: replies.length,
  };
  console.log(report);
  expect(report.failures).toEqual({});
  expect({ status, messages: replies.length }).toEqual({ status: 0, messages: STREAM_MESSAGES });
});
