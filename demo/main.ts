/**
 * `make demo`: Trilith on a copy of examples/, with small backends, and requests of every kind through it. It stays up until
 * Ctrl-C; with --once it ends by itself, with 0 if every answer was right.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answered, askEverything } from "./requests.ts";
import { startBackends } from "./backends.ts";
import { followEdit } from "./edit.ts";
import { writeCertificates } from "./certificates.ts";
import { startServe } from "./serve.ts";

const examples = join(import.meta.dirname, "..", "examples");

async function main(): Promise<boolean> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "trilith-demo-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const files = join(folder, "examples");
  cpSync(examples, files, { recursive: true });
  const certificate = await writeCertificates(join(files, "certificates.yaml"));
  const backends = await startBackends(certificate);
  cleanup.defer(() => backends.close());

  say("Starting Trilith on examples/ …");
  const serve = await startServe(files, join(folder, "state"));
  cleanup.defer(() => serve.stop());
  for (const command of [["status"], ["get", "listeners"], ["get", "hosts"]]) {
    say(`\ntrilith ${command.join(" ")}\n`);
    say(indent(await serve.ask(...command)));
  }

  say("\nRequests through it:\n");
  const answers = [...(await askEverything(backends)), await followEdit(join(files, "store.yaml"))];
  for (const answer of answers) say(formatAnswer(answer));
  const right = answers.filter(({ isRight }) => isRight).length;
  say(`\n${right} of ${answers.length} answers are right.`);
  if (!process.argv.includes("--once")) await untilInterrupted(files, serve.admin);
  return right === answers.length;
}

function formatAnswer({ asked, got, isRight }: Answered): string {
  return `  ${isRight ? "✓" : "✗"} ${asked.padEnd(62)} ${got}`;
}

function untilInterrupted(files: string, admin: string): Promise<void> {
  say(`
It stays up until Ctrl-C. Try, in another terminal:

  curl -H 'Host: store.example.com' http://127.0.0.1:8080/
  curl -k --resolve secure.example.com:8443:127.0.0.1 https://secure.example.com:8443/
  bin/trilith status --admin ${admin}
  $EDITOR ${join(files, "store.yaml")}
`);
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const indent = (text: string): string => text.trimEnd().replace(/^/gm, "  ");

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const advice = taken ? "; end the program that has this port, and try again" : "";
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}${advice}`);
  process.exitCode = 2;
}
