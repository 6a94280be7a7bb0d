/**
 * `make demo-mesh`: Trilith on a copy of demo/mesh/shop, two small programs behind their sidecars, and calls between workloads: routes,
 * identities, who is refused, an edit and renewed certificates under calls. It stays up until Ctrl-C; with --once it ends by itself, with 0 if
 * every answer was right.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indent, runDemo, say, sayAll, untilInterrupted } from "../answered.ts";
import { followEdit } from "../edit.ts";
import { startServe } from "../serve.ts";
import { askWeb, call, WEB_CALLS_CART } from "./calls.ts";
import { followRenewals, showIdentity } from "./identities.ts";
import { startPrograms } from "./programs.ts";

/** A renewal every two and a half seconds. */
const CERTIFICATE_LIFE = "1m";

async function main(): Promise<boolean> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "trilith-mesh-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const files = join(folder, "shop");
  cpSync(join(import.meta.dirname, "shop"), files, { recursive: true });
  const programs = cleanup.use(await startPrograms());

  say("Starting Trilith on demo/mesh/shop, with an Envoy beside each Workload …");
  const serve = await startServe(files, join(folder, "state"), ["--certificate-life", CERTIFICATE_LIFE]);
  cleanup.defer(() => serve.stop());
  say("\ntrilith status\n");
  say(indent(await serve.ask("status")));

  say("\nCalls between workloads:\n");
  const areRight = sayAll([
    ...(await showIdentity()),
    ...(await askWeb(programs)),
    await followEdit({ file: join(files, "cart.yaml"), ask: () => call("web"), from: "cart-v1", to: "cart-v2" }),
    await followRenewals(),
  ]);
  if (!process.argv.includes("--once")) {
    say(`
It stays up until Ctrl-C. Try, in another terminal:

  curl http://127.0.0.1:${WEB_CALLS_CART}/      # as web, which calls cart
  curl http://127.1.0.21:8080/       # as nobody in the mesh: refused
  bin/trilith status --admin ${serve.admin}
  $EDITOR ${join(files, "cart.yaml")}
`);
    await untilInterrupted();
  }
  return areRight;
}

await runDemo(main);
