/** Starts users of `steady-sender.ts` inside a test cluster. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SentRequests } from "./steady-sender.ts";
import type { SteadyTarget, SteadyUser } from "./steady-user.ts";
import type { TestCluster } from "./test-cluster.ts";

/** They ask until the function given is called, which gives what came of it. */
export function startUsers(
  cluster: TestCluster,
  target: SteadyTarget,
  names: readonly SteadyUser["name"][],
): () => Promise<SentRequests> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-users-"));
  const file = join(folder, "sent.json");
  const args = [join(import.meta.dirname, "steady-sender.ts"), JSON.stringify(target), file, ...names];
  const sender = cluster.start(process.execPath, args, { log: `steady-sender-${target.address}` });
  const ended = once(sender, "exit");
  return async () => {
    sender.kill("SIGTERM");
    await ended;
    const sent = JSON.parse(readFileSync(file, "utf8")) as SentRequests;
    rmSync(folder, { recursive: true });
    return sent;
  };
}
