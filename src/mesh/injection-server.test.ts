import { request } from "node:https";
import { afterEach, beforeEach, expect, test } from "vitest";
import { selfSignedCertificate } from "../../test/support/certificate.ts";
import { INJECTION_PATH, type InjectionServer, startInjectionServer } from "./injection-server.ts";

let server: InjectionServer;

beforeEach(async () => {
  const { certificate, key } = await selfSignedCertificate("localhost");
  server = await startInjectionServer({
    listen: { host: "127.0.0.1", port: 0 },
    tls: { cert: certificate, key },
    settings: {
      envoy: { image: "envoy:1", pullPolicy: "Never" },
      redirection: { by: "Node" },
      bootstrapOf: (probes) => JSON.stringify(probes),
      trustDomain: "cluster.local",
      audience: "trilith.dev/xds",
      paths: { files: "/etc/trilith", tokenFolder: "/var/run/token", adminSocket: "/run/trilith/admin.sock" },
    },
  });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** The status, and the answer where it is JSON. */
async function post(path: string, body: string): Promise<readonly [number, unknown]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number, unknown]>();
  const options = { host: "127.0.0.1", port: server.port, path, method: "POST", rejectUnauthorized: false };
  const sent = request(options, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      resolve([response.statusCode ?? 0, text === "" ? undefined : (JSON.parse(text) as unknown)]);
    });
  });
  sent.on("error", reject);
  sent.end(body);
  return await promise;
}

const review = (spec: unknown, metadata: object = {}): string =>
  JSON.stringify({ request: { uid: "u", namespace: "shop", operation: "CREATE", object: { metadata, spec } } });

test("a review is answered under its own name", async () => {
  const disabled = { labels: { "trilith.dev/mesh": "disabled" } };
  expect(await post(INJECTION_PATH, review({ containers: [] }, disabled))).toEqual([
    200,
    {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "u", allowed: true, auditAnnotations: { sidecar: "disabled" } },
    },
  ]);
});

test.each([
  ["another path", "/", "{}", 404],
  ["no JSON", INJECTION_PATH, "{", 400],
  ["nothing", INJECTION_PATH, "null", 400],
  ["a pod that is none", INJECTION_PATH, review({ containers: 5 }), 400],
  ["too much", INJECTION_PATH, " ".repeat(5 * 1024 * 1024), 413],
])("%s is refused, and the next one is answered", async (_, path, body, status) => {
  expect(await post(path, body)).toEqual([status, undefined]);
  expect((await post(INJECTION_PATH, review({ containers: [] })))[0]).toBe(200);
});
