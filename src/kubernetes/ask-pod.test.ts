import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Certificate, selfSignedCertificate } from "../../test/support/certificate.ts";
import { askPod } from "./ask-pod.ts";
import { type ClusterClient, connectToCluster } from "./index.ts";
import { startPodGate } from "./testing/pod-gate.ts";

async function portOf(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A client of a cluster with the pod shop/cart, whose ports 19001 and 7 are these. */
async function clientTo(port: number, tls?: Certificate): Promise<ClusterClient> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-pod-"));
  const gate = await startPodGate({
    folder,
    pods: [{ namespace: "shop", name: "cart", ports: { 19001: port, 7: 0 } }],
    ...(tls && { tls }),
  });
  const client = await connectToCluster({ kubeconfig: gate.kubeconfig });
  onTestFinished(async () => {
    client[Symbol.dispose]();
    rmSync(folder, { recursive: true });
    await gate[Symbol.asyncDispose]();
  });
  return client;
}

const at = (port: number, pod = "cart") => ({ namespace: "shop", pod, port });

test("what a pod answers on a port of its own comes whole, however long it is", { timeout: 60_000 }, async () => {
  const long = "x".repeat(500_000);
  const client = await clientTo(
    await portOf(({ url, headers }, response) => response.end(`${headers.host}${url}${long}`)),
  );
  expect(await askPod(client, at(19001), "/status?all=1")).toBe(`localhost/status?all=1${long}`);
});

test("a pod is reached through an API server with TLS, as they all are", async () => {
  const tls = await selfSignedCertificate("gate");
  const client = await clientTo(await portOf((_, response) => response.end("hello")), tls);
  expect(await askPod(client, at(19001), "/")).toBe("hello");
});

test("a pod that is not there, a port that nobody listens on, a refusal, and silence are told apart", async () => {
  const client = await clientTo(
    await portOf(({ url }, response) => {
      if (url === "/refused") response.writeHead(404).end("not found\n");
    }),
  );
  const failures = [
    askPod(client, at(19001, "gone"), "/"),
    askPod(client, at(7), "/"),
    askPod(client, at(19001), "/refused"),
    askPod(client, at(19001), "/silent", 200),
  ].map((asking) => asking.catch((error: unknown) => error));
  expect(await Promise.all(failures)).toMatchObject([
    { code: "notFound", message: expect.stringMatching(/pod shop\/gone: .* no pod "gone"$/) as string },
    {
      code: "failed",
      message: expect.stringMatching(/^port 7 of the pod shop\/cart: .*failed to connect to localhost:7/) as string,
    },
    { code: "failed", message: "port 19001 of the pod shop/cart: it answered 404: not found" },
    { code: "timeout", message: "port 19001 of the pod shop/cart: no answer for 200 ms" },
  ]);
});
