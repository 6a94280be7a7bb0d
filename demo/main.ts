/**
 * `make demo`: Trilith on a copy of examples/, with small backends, and requests of every kind through it. It stays up until
 * Ctrl-C; with --once it ends by itself, with 0 if every answer was right.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indent, runDemo, say, sayAll, untilInterrupted } from "./answered.ts";
import { askEverything } from "./requests.ts";
import { startBackends } from "./backends.ts";
import { followStoreEdit } from "./edit.ts";
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
  const areRight = sayAll([...(await askEverything(backends)), await followStoreEdit(join(files, "store.yaml"))]);
  if (!process.argv.includes("--once")) {
    sayWhatToTry(files, serve.admin);
    await untilInterrupted();
  }
  return areRight;
}

function sayWhatToTry(files: string, admin: string): void {
  say(`
It stays up until Ctrl-C. Try, in another terminal:

  curl -H 'Host: store.example.com' http://127.0.0.1:8080/
  curl -k --resolve secure.example.com:8443:127.0.0.1 https://secure.example.com:8443/
  bin/trilith status --admin ${admin}
  $EDITOR ${join(files, "store.yaml")}
`);
}

await runDemo(main);
