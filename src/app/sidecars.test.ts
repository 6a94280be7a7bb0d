import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sidecarKey, type Workload } from "../model/index.ts";
import { ProxyError } from "../proxy/index.ts";
import { Sidecars } from "./sidecars.ts";

const web: Workload = { key: sidecarKey("shop", "web", "web"), namespace: "shop", name: "web", serviceAccount: "web" };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trilith-sidecars-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

interface Unstartable {
  readonly sidecars: Sidecars;
  /** What was told, when it was told `count` times. */
  readonly problems: Promise<readonly unknown[]>;
}

/** Their Envoy is a program that there is not. `onStarting` is called each time that one is about to be started. */
function unstartable(count: number, onStarting: (sidecars: Sidecars) => void = () => {}): Unstartable {
  const told: unknown[] = [];
  const { promise: problems, resolve } = Promise.withResolvers<readonly unknown[]>();
  const sidecars: Sidecars = new Sidecars({
    envoyPath: join(folder, "no-envoy"),
    folder,
    socket: join(folder, "mesh.sock"),
    tokens: {
      issue: () => {
        onStarting(sidecars);
        return "token";
      },
    },
    concurrency: 1,
    onEvent: () => {},
    onProblem: (_, error) => {
      told.push(error instanceof ProxyError ? error.code : error);
      if (told.length === count) resolve(told);
    },
  });
  return { sidecars, problems };
}

test("a sidecar that could not be started is tried again", async () => {
  const { sidecars, problems } = unstartable(1);
  sidecars.want([web]);
  expect([await problems, vi.getTimerCount()]).toEqual([["envoy-unusable"], 1]);
  await sidecars.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("but not when its workload went meanwhile", async () => {
  const { sidecars, problems } = unstartable(1, (starting) => starting.want([]));
  sidecars.want([web]);
  expect([await problems, vi.getTimerCount()]).toEqual([["envoy-unusable"], 0]);
  await sidecars.stop();
});

test("a workload that goes and comes back has its sidecar started when the one before has gone", async () => {
  let starts = 0;
  const { sidecars, problems } = unstartable(2, (starting) => {
    starts += 1;
    if (starts > 1) return;
    starting.want([]);
    starting.want([web]);
  });
  sidecars.want([web]);
  expect(await problems).toEqual(["envoy-unusable", "envoy-unusable"]);
  await sidecars.stop();
});
