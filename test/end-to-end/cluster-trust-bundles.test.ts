/** Authorities in ClusterTrustBundles, in a real Envoy: of a Gateway's clients, and of a backend. */
import { mkdtempSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, startHttpBackend } from "../backends/index.ts";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import type { Certificate } from "../support/certificate.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { type Manifest, route, service, tlsSecret, to } from "../support/manifests.ts";

const HOST = "shop.test";

const bundle = (name: string, trustBundle: string): Manifest => ({
  apiVersion: "certificates.k8s.io/v1beta1",
  kind: "ClusterTrustBundle",
  metadata: { name },
  spec: { trustBundle },
});

const reference = (name: string): object => ({ group: "certificates.k8s.io", kind: "ClusterTrustBundle", name });

describe.skipIf(envoyBinary() === undefined)("ClusterTrustBundles", () => {
  let served: ServedGateway;
  let backend: Backend;
  let objects: Manifest[] = [];
  let port = 0;
  let client: Certificate;
  let stranger: Certificate;
  let authority = "";
  let otherAuthority = "";

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    const [ours, others] = [await createCertificateAuthority("ours"), await createCertificateAuthority("others")];
    [authority, otherAuthority] = [ours.certificate, others.certificate];
    client = await ours.issue({ commonName: "client", use: "client" });
    stranger = await others.issue({ commonName: "stranger", use: "client" });
    backend = await startHttpBackend({
      name: "secure",
      tls: await ours.issue({ commonName: "secure", names: ["secure.internal"] }),
    });
    const validation = { hostname: "secure.internal", caCertificateRefs: [reference("backends")] };
    objects = [
      tlsSecret("site", await ours.issue({ commonName: "site", names: [HOST] })),
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: "edge" },
        spec: {
          gatewayClassName: "trilith",
          listeners: [{ name: "https", port, protocol: "HTTPS", tls: { certificateRefs: [{ name: "site" }] } }],
          tls: { frontend: { default: { validation: { caCertificateRefs: [reference("clients")] } } } },
        },
      },
      bundle("clients", authority),
      ...service("secure", [backend.port]),
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "BackendTLSPolicy",
        metadata: { name: "secure" },
        spec: { targetRefs: [{ group: "", kind: "Service", name: "secure" }], validation },
      },
      route({ name: "all", parent: "edge", rules: [{ backendRefs: [to("secure")] }] }),
    ];
    served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-trust-bundles-")));
  }, 60_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await backend.close();
  });

  /** The status, or that there was no answer. */
  const ask = async (certificate?: Certificate): Promise<number | "refused"> =>
    await new Promise((answered) => {
      const identity = certificate && { cert: certificate.certificate, key: certificate.key };
      const options = { host: "127.0.0.1", port, servername: HOST, ca: authority, agent: false, ...identity };
      const outgoing = request({ ...options, headers: { host: HOST } }, (response) => {
        response.resume();
        answered(response.statusCode ?? 0);
      });
      outgoing.on("error", () => answered("refused")).end();
    });

  test("let in the clients, and reach the backend, that they vouch for, and no others", async () => {
    await served.serve(validated([...objects, bundle("backends", otherAuthority)]));
    expect([await ask(client), await ask(stranger), await ask()]).toEqual([503, "refused", "refused"]);
    await served.serve(validated([...objects, bundle("backends", authority)]));
    await expect.poll(async () => await ask(client), { timeout: 10_000 }).toBe(200);
  });
});
