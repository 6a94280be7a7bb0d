/**
 * A real Envoy that moves from one replica of the real controller to another one, which has not heard yet of what the first has
 * given it: it must never answer as it did before.
 */
import { describe, expect, test } from "vitest";
import { LaggingClient } from "../support/lagging-client.ts";
import { canRun, useGateways } from "./gateway-world.ts";

const PATIENCE = { timeout: 60_000 };
/** As long as the second replica lags here, so that what is seen is the waiting and not its end. */
const times = { catchUpMs: 120_000 };

const world = useGateways();

/** What its Envoys answer for a host from now on, without repetitions, in order. */
class Answers {
  readonly all: string[] = [];
  readonly #ended: Promise<void>;
  #count = 0;
  #isStopped = false;

  constructor(host: string) {
    this.#ended = this.#listen(host);
  }

  /** Waits for so many more answers. */
  async more(count: number): Promise<void> {
    const enough = this.#count + count;
    await expect.poll(() => this.#count, PATIENCE).toBeGreaterThan(enough);
  }

  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await this.#ended;
    return this.all;
  }

  async #listen(host: string): Promise<void> {
    while (!this.#isStopped) {
      const answer = await world.ask("web", host);
      this.#count += 1;
      if (answer !== this.all.at(-1)) this.all.push(answer);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** An Envoy of `web` at the first of two replicas; what the second hears can be held back. */
async function startTwoReplicas() {
  const lagging = new LaggingClient(world.cluster.client);
  const first = await world.startReplica("first", { times });
  const second = await world.startReplica("second", { times, client: lagging });
  const relay = await world.startRelay(first);
  await world.startPod("web", relay);
  await expect.poll(() => world.ask("web"), PATIENCE).toMatch(/^30\d$/);
  return {
    lagging,
    /** Resolves when the Envoy has a stream with the second. */
    move: async (): Promise<void> => {
      relay.moveTo(second.xdsPort);
      await expect.poll(() => connectedTo(second.healthPort), PATIENCE).toBe(1);
    },
  };
}

async function connectedTo(healthPort: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  return Number(/^trilith_proxies_connected{role="gateway"} (\d+)/m.exec(metrics)?.[1]);
}

describe.skipIf(!canRun())("an Envoy that moves to a replica that lags", { timeout: 240_000 }, () => {
  test("keeps what was changed, and follows what comes when the replica has caught up", async () => {
    await world.answer("web", "web", 302);
    const { lagging, move } = await startTwoReplicas();
    const answers = new Answers("web");
    await answers.more(5);
    lagging.hold();
    await world.answer("web", "web", 307);
    await expect.poll(() => answers.all.at(-1), PATIENCE).toBe("307");
    await move();
    await answers.more(200);
    lagging.release();
    await world.answer("web", "web", 308);
    await expect.poll(() => answers.all.at(-1), PATIENCE).toBe("308");
    expect(await answers.stop()).toEqual(["302", "307", "308"]);
  });

  test("is not given back what was taken away", async () => {
    await world.answer("gone", "web", 302);
    await world.answer("web", "web", 302);
    const { lagging, move } = await startTwoReplicas();
    await expect.poll(() => world.ask("web", "gone"), PATIENCE).toBe("302");
    const answers = new Answers("gone");
    // For more than a second, so that no replica takes it for new.
    await answers.more(200);
    lagging.hold();
    await world.removeRoute("gone");
    await expect.poll(() => answers.all.at(-1), PATIENCE).toBe("404");
    await move();
    await answers.more(200);
    lagging.release();
    await world.answer("web", "web", 303);
    await expect.poll(() => world.ask("web"), PATIENCE).toBe("303");
    expect(await answers.stop()).toEqual(["302", "404"]);
  });
});
