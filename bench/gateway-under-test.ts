/** The whole product in this process with a real Envoy, open to stopwatches: what is sent and what is answered, as it happens. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import type { Engine } from "../src/app/engine.ts";
import { type ProxySide, startProxySide } from "../src/app/proxy-side.ts";
import type { DeltaDiscoveryResponse } from "../src/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { claimStateDirectory, findEnvoy } from "../src/proxy/index.ts";
import type { KnownObject, ObjectKey } from "../src/resources/index.ts";
import { newEngine } from "./translated.ts";

const MOST_MS = 120_000;

export class GatewayUnderTest implements AsyncDisposable {
  readonly engine: Engine;
  /** Called for every message that is queued for Envoy. */
  onSent: ((message: DeltaDiscoveryResponse) => void) | undefined;
  readonly #proxySide: ProxySide;
  readonly #stop: () => Promise<void>;

  private constructor(engine: Engine, proxySide: ProxySide, stop: () => Promise<void>) {
    this.engine = engine;
    this.#proxySide = proxySide;
    this.#stop = stop;
  }

  /** Resolves when Envoy serves these objects. */
  static async start(objects: ReadonlyMap<ObjectKey, KnownObject>): Promise<GatewayUnderTest> {
    const path = mkdtempSync(join(tmpdir(), "trilith-bench-"));
    const directory = await claimStateDirectory(path);
    const engine = newEngine();
    engine.replaceObjects(objects);
    const sent: { tell?: (message: DeltaDiscoveryResponse) => void } = {};
    const proxySide = await startProxySide(engine, {
      envoyPath: await findEnvoy(),
      directory,
      concurrency: 1,
      log: pino({ level: "silent" }),
      onFacts: () => {},
      onProxyEvent: () => {},
      onSent: (message) => sent.tell?.(message),
    });
    const gateway = new GatewayUnderTest(engine, proxySide, async () => {
      await proxySide.stop({ now: true });
      await directory.release();
      rmSync(path, { recursive: true, force: true });
    });
    sent.tell = (message) => gateway.onSent?.(message);
    const until = performance.now() + MOST_MS;
    while (proxySide.notReady() !== undefined) {
      if (performance.now() > until) throw new Error(`not ready: ${proxySide.notReady()}`);
      await delay(20);
    }
    await gateway.settled();
    return gateway;
  }

  /** Resolves when Envoy has acknowledged every host and listener that is wanted. */
  async settled(): Promise<void> {
    const { records, fleet } = this.#proxySide;
    const until = performance.now() + MOST_MS;
    for (const record of records.values()) {
      if (record.kind !== "virtualHost" && record.kind !== "listener") continue;
      while (fleet.deliveryOf(record).state === "pending") {
        if (performance.now() > until) throw new Error(`${record.kind} ${record.name} is not acknowledged`);
        await delay(5);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}
