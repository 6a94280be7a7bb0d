/**
 * The official tests wait; users act at once: whoever sees a listener Programmed can connect to it that moment. Envoy
 * acknowledges a listener before it listens, because it still fetches certificates and routes.
 */
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OwnCondition } from "../../src/resources/index.ts";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import { tlsSecret } from "../support/manifests.ts";
import { LoopbackAddresses } from "../support/loopback-addresses.ts";

const GATEWAYS = 30;

test("a listener that is Programmed takes connections", async () => {
  await using served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-programmed-")));
  const addresses = new LoopbackAddresses();
  const { graph, translation } = served.engine;
  const found = new Map<string, Promise<string>>();
  graph.subscribe(translation.statuses, (changes) => {
    for (const { after } of changes) {
      if (after?.kind !== "Gateway" || found.has(after.name)) continue;
      if (isProgrammed(after.status)) found.set(after.name, outcomeOf(after.name));
    }
  });
  const placed = new Map<string, string>();
  const outcomeOf = async (name: string): Promise<string> => await connectOnce(placed.get(name) ?? "");

  const pair = await selfSignedCertificate("a.test");
  const objects: object[] = [];
  for (let index = 0; index < GATEWAYS; index += 1) {
    const [name, address] = [`gateway-${index}`, addresses.next()];
    placed.set(name, address);
    objects.push(inNamespace(tlsSecret(name, pair)), gatewayOf(name, address, index % 2 === 0 ? "HTTPS" : "HTTP"));
    served.want(validated(objects));
    await expect.poll(() => found.has(name), { timeout: 10_000, interval: 5 }).toBe(true);
  }
  const outcomes = await Promise.all(found.values());
  expect(outcomes.filter((outcome) => outcome !== "connected")).toEqual([]);
  expect(outcomes).toHaveLength(GATEWAYS);
});

function gatewayOf(name: string, address: string, protocol: "HTTP" | "HTTPS"): object {
  const tls = { certificateRefs: [{ name }] };
  const listener = { name: "main", port: 18_443, protocol, ...(protocol === "HTTPS" && { tls }) };
  const spec = { gatewayClassName: "trilith", addresses: [{ value: address }], listeners: [listener] };
  return inNamespace({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, generation: 1 },
    spec,
  });
}

function inNamespace(manifest: Readonly<Record<string, unknown>>): object {
  const metadata = typeof manifest["metadata"] === "object" ? manifest["metadata"] : {};
  return { ...manifest, metadata: { ...metadata, namespace: "default" } };
}

function isProgrammed(status: object): boolean {
  const { conditions = [] } = status as { readonly conditions?: readonly OwnCondition[] };
  return conditions.some((condition) => condition.type === "Programmed" && condition.status === "True");
}

async function connectOnce(address: string): Promise<string> {
  const connection = connect({ host: address, port: 18_443 });
  try {
    await once(connection, "connect");
    return "connected";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    connection.destroy();
  }
}
