/** `trilith serve`: runs until it is told to stop, then drains. */
import { Command, InvalidArgumentError } from "commander";
import type { Logger } from "pino";
import type { Standalone } from "../app/index.ts";
import { DEFAULT_ADMIN, parseAddress } from "./admin-client.ts";
import { durationOption, LEAST_CERTIFICATE_LIFE_MS } from "./duration-option.ts";
import { addLogOptions, type LogOptions } from "./log-options.ts";

interface ServeOptions extends LogOptions {
  readonly envoy?: string;
  readonly admin: string;
  readonly bind: string;
  readonly class: string;
  readonly accessLog: boolean;
  readonly stateDir?: string;
  readonly concurrency?: number;
  readonly certificateLife: number;
}

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("serve Gateway API YAML with an Envoy of its own, and follow every change")
    .argument("<paths...>", "files and folders of YAML")
    .option("--envoy <path>", "Envoy's binary (by default found on the PATH, or fetched once)")
    .option("--admin <address>", "where the admin API listens", DEFAULT_ADMIN)
    .option("--bind <address>", "what Gateways listen on that ask for no address", "0.0.0.0")
    .option("--class <name>", "GatewayClass to serve when no file states it", "trilith")
    .option("--no-access-log", "do not print a line for each request on standard output")
    .option("--state-dir <path>", "where Envoy's sockets and logs are kept (by default one for each configuration)")
    .option("--concurrency <threads>", "Envoy's worker threads (by default one for each processor)", parseCount)
    .addOption(
      durationOption("--certificate-life", "how long certificates of workloads live", "24h", LEAST_CERTIFICATE_LIFE_MS),
    )
    .addHelpText("after", HELP)
    .action(serve);
  return addLogOptions(command, "text");
}

const HELP = `
Changes of files are followed. A file that is wrong keeps its last good state, and is named in the log and in "trilith status".
Each Workload in the files has an Envoy of its own beside it: it is in the mesh (docs/mesh-standalone.md).
Ctrl-C or SIGTERM drains Envoy and ends it; a second one does not wait. SIGHUP ends Trilith and leaves Envoy serving, for the
next start to take over.

Examples:
  trilith serve examples/
  trilith serve --bind 127.0.0.1 --admin 127.0.0.1:19001 gateways/ routes/shop.yaml
`;

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError("it must be a number from 1.");
  return count;
}

async function serve(paths: readonly string[], options: ServeOptions): Promise<void> {
  const [{ startStandalone }, { loggerOf }] = await Promise.all([import("../app/index.ts"), import("./logger.ts")]);
  const log = loggerOf(options);
  const running = await startStandalone({
    paths,
    admin: parseAddress(options.admin),
    bindAddress: options.bind,
    className: options.class,
    certificateLifeMs: options.certificateLife,
    log,
    ...(options.accessLog && { onAccess: (line: string) => void process.stdout.write(`${line}\n`) }),
    ...(options.envoy !== undefined && { envoyPath: options.envoy }),
    ...(options.stateDir !== undefined && { stateDirectory: options.stateDir }),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
  });
  log.info({ admin: `127.0.0.1:${running.adminPort}`, paths }, "serving");
  await untilStopped(running, log);
}

function untilStopped(running: Standalone, log: Logger): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let stopping = false;
  const stop = (): void => {
    if (stopping) log.warn("not waiting any longer");
    else log.info("stopping; again to stop at once");
    running.stop({ now: stopping }).then(resolve, reject);
    stopping = true;
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGHUP", () => void running.leave().then(resolve, reject));
  return promise;
}
