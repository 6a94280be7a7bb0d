/** Commands that run in a pod of a cluster until they are told to stop. */
import type { Command } from "commander";
import type { Logger } from "pino";
import type { ApiClient } from "../kubernetes/index.ts";
import type { LogOptions } from "./log-options.ts";
import { untilAsked } from "./until-asked.ts";

export interface InClusterOptions extends LogOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

export interface InCluster {
  readonly client: ApiClient;
  readonly log: Logger;
}

export function addInClusterOptions(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "how to reach the API server (by default as the pod that this runs in)")
    .option("--context <name>", "the context of the kubeconfig");
}

/** Whoever asks a second time waits no longer. `userAgent`: as what the API server sees it. */
export async function runInCluster(
  options: InClusterOptions,
  userAgent: string,
  start: (place: InCluster) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  const [{ connectToCluster }, { loggerOf }] = await Promise.all([
    import("../kubernetes/index.ts"),
    import("./logger.ts"),
  ]);
  const log = loggerOf(options);
  using client = await connectToCluster({ userAgent, kubeconfig: options.kubeconfig, context: options.context });
  const stopping = untilAsked();
  const running = await start({ client, log });
  await stopping;
  log.info("stopping");
  const forced = untilAsked().then(() => process.exit(1));
  await Promise.race([running.stop(), forced]);
}
