import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { claimStateDirectory } from "../proxy/index.ts";
import { type KnownObject, objectKeyOf } from "../resources/index.ts";
import { createEngine } from "./engine.ts";
import { ProxyFleet } from "./proxy-fleet.ts";
import { StandaloneMesh } from "./standalone-mesh.ts";
import { LOCAL_PROXY, standaloneSettings } from "./standalone-settings.ts";

const workload: KnownObject = {
  apiVersion: "trilith.dev/v1alpha1",
  kind: "Workload",
  metadata: { name: "web", namespace: "shop" },
  spec: { serviceAccountName: "web", address: "127.1.8.1", ports: [{ port: 8080, localPort: 19_080 }] },
};

test("the Envoy of Gateways keeps its identity while it is away: nobody asks for it again", async () => {
  await using cleanup = new AsyncDisposableStack();
  const path = mkdtempSync(join(tmpdir(), "trilith-mesh-"));
  cleanup.defer(() => rmSync(path, { recursive: true }));
  const directory = await claimStateDirectory(path);
  cleanup.defer(() => directory.release());
  const engine = createEngine(standaloneSettings({ bindAddress: "127.0.0.1" }));
  engine.replaceObjects(new Map([[objectKeyOf(workload), workload]]));
  const certificates: (string | undefined)[] = [];
  const { promise: told, resolve } = Promise.withResolvers<void>();
  engine.graph.subscribe(engine.driven.workloadCertificates, (changes) => {
    for (const { key, after } of changes) if (key === LOCAL_PROXY) certificates.push(after?.certificateChain);
    if (certificates.length === 3 || certificates.includes(undefined)) resolve();
  });
  const mesh = new StandaloneMesh({
    engine,
    fleet: new ProxyFleet(),
    directory,
    envoyPath: join(path, "no-envoy"),
    // It is renewed when a 24th of it is over.
    certificateLifeMs: 240,
    log: pino({ level: "silent" }),
    onRefused: () => {},
    onSidecarEvent: () => {},
  });
  cleanup.defer(() => mesh.stop({ now: true }));
  await mesh.start();
  await told;
  expect(new Set(certificates).size).toBe(3);
  expect(certificates).not.toContain(undefined);
});
