/**
 * Ends an Envoy so that its clients notice as little as possible. First it still takes everything, but asks each client to
 * go (`Connection: close`, GOAWAY) with its next answer; then it stops listening and finishes what it has begun; then it
 * ends. Each step is bounded, and passed over when nothing is connected.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AdminClient } from "./admin-client.ts";
import { isRunning, signalProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export interface DrainBounds {
  /** How long clients are asked to go while new connections are still taken. */
  readonly askMs: number;
  /** How long requests and TCP connections under way may take after that. */
  readonly finishMs: number;
}

export const defaultDrainBounds: DrainBounds = { askMs: 5_000, finishMs: 25_000 };

const POLL_MS = 50;
const TERMINATE_MS = 5_000;

/**
 * Drains and ends the process; resolves when it is gone. Never fails: an Envoy whose admin API does not answer is ended
 * without draining, one that ignores SIGTERM is killed. Aborting `hurry` passes over what is left of the draining.
 */
export async function drainEnvoy(
  identity: ProcessIdentity,
  admin: AdminClient,
  bounds: DrainBounds,
  hurry?: AbortSignal,
): Promise<void> {
  const isOver = (): boolean => hurry?.aborted === true || !isRunning(identity);
  try {
    if (!isOver()) {
      await admin.post("/drain_listeners?graceful&skip_exit");
      await poll(bounds.askMs, async () => isOver() || (await workOf(admin)).connections === 0);
    }
    if (!isOver()) {
      await admin.post("/drain_listeners");
      await poll(bounds.finishMs, async () => isOver() || (await workOf(admin)).busy === 0);
    }
  } catch {
    // Without its admin API there is nothing to wait for.
  }
  await endEnvoy(identity);
}

/** Ends the process without draining; resolves when it is gone. */
export async function endEnvoy(identity: ProcessIdentity): Promise<void> {
  signalProcess(identity, "SIGTERM");
  await poll(TERMINATE_MS, () => !isRunning(identity));
  signalProcess(identity, "SIGKILL");
  await poll(TERMINATE_MS, () => !isRunning(identity));
}

async function poll(boundMs: number, isDone: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + boundMs;
  while (!(await isDone()) && performance.now() < until) await delay(POLL_MS);
}

interface Work {
  /** Open connections of clients. */
  readonly connections: number;
  /** Requests under way, and connections that are not HTTP: of those nobody knows when they are done but their ends. */
  readonly busy: number;
}

interface StatsAnswer {
  readonly stats: readonly { readonly name?: string; readonly value?: number }[];
}

const CONNECTIONS = /^listener\.[^.]+\.downstream_cx_active$/;
const HTTP_CONNECTIONS = /^http\.[^.]+\.downstream_cx_active$/;
const REQUESTS = /^http\.[^.]+\.downstream_rq_active$/;

/** UDP sessions are left out: they have no end but their idle time. */
async function workOf(admin: AdminClient): Promise<Work> {
  const filter = encodeURIComponent("^(listener|http)\\..*downstream_(cx|rq)_active$");
  const body = await admin.get(`/stats?format=json&type=Gauges&filter=${filter}`);
  const { stats } = JSON.parse(body) as StatsAnswer;
  const sum = (pattern: RegExp): number =>
    stats.reduce((total, { name = "", value = 0 }) => total + (isOfClients(name) && pattern.test(name) ? value : 0), 0);
  const connections = sum(CONNECTIONS);
  return { connections, busy: sum(REQUESTS) + Math.max(0, connections - sum(HTTP_CONNECTIONS)) };
}

function isOfClients(name: string): boolean {
  return !name.startsWith("listener.admin.") && !name.startsWith("http.admin.");
}
