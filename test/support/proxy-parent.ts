/**
 * A control plane for tests of what becomes of Envoy when it dies: `node proxy-parent.ts STATE_DIRECTORY ENVOY PORT` starts
 * an Envoy with one static listener on PORT, says "pid NUMBER" and "started" or "adopted" in one line, and waits to be killed.
 */
import { bootstrapOf, claimStateDirectory, startProxy } from "../../src/proxy/index.ts";
import { withListener } from "./static-listener.ts";

const [, , path = "", envoyPath = "", port = ""] = process.argv;
const stateDirectory = await claimStateDirectory(path);
const bootstrap = bootstrapOf({
  node: { id: "test", cluster: "test" },
  controlPlane: { path: stateDirectory.adsSocket },
  adminSocket: stateDirectory.adminSocket,
  limits: { maxConnections: 100, maxHeapBytes: 500_000_000 },
});
await startProxy({
  envoyPath,
  stateDirectory,
  bootstrap: withListener(bootstrap, Number(port)),
  concurrency: 1,
  onEvent: (event) => {
    if (event.kind === "started") console.log(`pid ${event.pid} ${event.isAdopted ? "adopted" : "started"}`);
  },
});
setInterval(() => {}, 60_000);
