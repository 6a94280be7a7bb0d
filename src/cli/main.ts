/** The command line: what `trilith` does, command by command. Errors are one line; --verbose shows what is behind them. */
import { Command, CommanderError } from "commander";
import { checkCommand } from "./check-command.ts";
import { CliError } from "./cli-error.ts";
import { controllerCommand } from "./controller-command.ts";
import { completionCommand } from "./completion-command.ts";
import { envoyCommand, getCommand } from "./envoy-command.ts";
import { installCommand } from "./install-command.ts";
import { nodeCommand } from "./node-command.ts";
import { serveCommand } from "./serve-command.ts";
import { statusCommand } from "./status-command.ts";
import { topCommand } from "./top-command.ts";
import { VERSION } from "./version.ts";

const program = new Command("trilith")
  .description("Kubernetes Gateway API over Envoy: serve a directory of YAML, and tell what became of it")
  .version(VERSION)
  .option("--verbose", "show what is behind an error")
  .showHelpAfterError("(--help shows how it is used)")
  .exitOverride();

program.addCommand(serveCommand());
program.addCommand(controllerCommand());
program.addCommand(nodeCommand());
program.addCommand(checkCommand());
program.addCommand(statusCommand());
program.addCommand(topCommand());
program.addCommand(getCommand());
program.addCommand(envoyCommand());
program.addCommand(installCommand());
program.addCommand(completionCommand(program));
for (const command of program.commands) command.exitOverride().showHelpAfterError("(--help shows how it is used)");

// Whoever reads our output may stop before its end (`trilith status | head`); that is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Commander has already printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  if (message !== "") console.error(`trilith: ${message}`);
  if (program.opts<{ verbose?: boolean }>().verbose) console.error(error);
  return error instanceof CliError ? error.exitCode : 2;
}
