/**
 * One Envoy with the whole of Trilith in front of it, in this process, for tests that serve one configuration after the
 * other: objects in, and the promise that Envoy serves them.
 */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { createEngine, type Engine } from "../../src/app/engine.ts";
import { type ProxySide, startProxySide } from "../../src/app/proxy-side.ts";
import { standaloneSettings, withDefaultClass } from "../../src/app/standalone-settings.ts";
import { claimStateDirectory, findEnvoy } from "../../src/proxy/index.ts";
import { type KnownObject, objectKeyOf, validate } from "../../src/resources/index.ts";

export class ServedGateway implements AsyncDisposable {
  readonly engine: Engine;
  readonly proxySide: ProxySide;
  readonly #path: string;
  readonly #release: () => Promise<void>;

  private constructor(engine: Engine, proxySide: ProxySide, path: string, release: () => Promise<void>) {
    this.engine = engine;
    this.proxySide = proxySide;
    this.#path = path;
    this.#release = release;
  }

  static async start(path: string): Promise<ServedGateway> {
    const directory = await claimStateDirectory(path);
    const engine = createEngine(standaloneSettings({ bindAddress: "127.0.0.1" }));
    engine.replaceObjects(withDefaultClass(new Map(), "trilith"));
    const proxySide = await startProxySide(engine, {
      envoyPath: await findEnvoy(),
      directory,
      concurrency: 1,
      accessLog: false,
      log: pino({ level: "silent" }),
      onFacts: () => {},
      onProxyEvent: () => {},
    });
    return new ServedGateway(engine, proxySide, path, () => directory.release());
  }

  /** Serves exactly these objects; resolves when Envoy has acknowledged every resource made of them. */
  async serve(objects: readonly KnownObject[]): Promise<void> {
    this.want(objects);
    await this.delivered();
  }

  /** Begins to serve exactly these objects. */
  want(objects: readonly KnownObject[]): void {
    this.engine.replaceObjects(
      withDefaultClass(new Map(objects.map((object) => [objectKeyOf(object), object])), "trilith"),
    );
  }

  /** Resolves when Envoy has acknowledged every resource that is wanted. */
  async delivered(): Promise<void> {
    const until = performance.now() + 10_000;
    while (this.#pending() !== undefined) {
      if (performance.now() > until) throw new Error(`not served after 10 s: ${this.#pending()}`);
      await delay(2);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxySide.stop({ now: true });
    await this.#release();
    rmSync(this.#path, { recursive: true, force: true });
  }

  /** What the proxy still has and should not. Hosts of a table that is gone go with it, without a word. */
  #isLeftOver(key: string): boolean {
    const { records } = this.proxySide;
    if (!/^(listener|virtualHost)\//.test(key) || records.get(key) !== undefined) return false;
    return (
      key.startsWith("listener/") ||
      records.get(key.replace(/^virtualHost\/(.*)\/[^/]*$/, "routeTable/$1")) !== undefined
    );
  }

  #pending(): string | undefined {
    const { records, fleet } = this.proxySide;
    for (const record of records.values()) {
      if (!/^(listener|virtualHost|cluster|extension)$/.test(record.kind)) continue;
      // What nothing uses goes nowhere.
      if (fleet.proxiesOf(record).length === 0) continue;
      const delivery = fleet.deliveryOf(record);
      if (delivery.state === "refused")
        throw new Error(`Envoy refuses ${record.kind} ${record.name}: ${delivery.message}`);
      if (delivery.state === "pending") return `${record.kind} ${record.name}`;
    }
    return [...fleet.known()].find((key) => this.#isLeftOver(key));
  }
}

/** Validated and defaulted; throws where the objects are not valid, so that tests cannot test nothing. */
export function validated(objects: readonly object[]): KnownObject[] {
  return objects.map((value) => {
    const { object, problems } = validate(value);
    const errors = problems.filter(({ severity }) => severity === "error");
    if (object === undefined || errors.length > 0)
      throw new Error(`${JSON.stringify(errors)} in ${JSON.stringify(value)}`);
    return object;
  });
}
