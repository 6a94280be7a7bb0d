/** Official tests of Gateway: certificates, of servers and of clients, on both sides. */
import type { ConnectionOptions } from "node:tls";
import { expect } from "vitest";
import { ask, expectAnswers } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { expectAccepted, expectConditions, expectListeners, expectParents } from "./summaries.ts";

const [v1, v2] = ["infra-backend-v1", "infra-backend-v2"] as const;
const infra = "gateway-conformance-infra";
const serving = { Accepted: "True", ResolvedRefs: "True", Programmed: "True" };
const [clients, portClients] = ["tls-validity-checks", "tls-validity-checks-per-port"] as const;
const replay = officialTests();

/** A client that trusts the suite's servers; with a certificate where `who` names one. */
function client(
  world: OfficialWorld,
  servername: string,
  who?: typeof clients | typeof portClients,
): ConnectionOptions {
  const ca = world.certificates.authorities.get(`${infra}/tls-validity-checks-certificate`) ?? "";
  const pair = who && world.certificates.pairs.get(`${infra}/${who}-client-certificate`);
  return { servername, ca, ...(pair && { cert: pair.certificate, key: pair.key }) };
}

replay("GatewayInvalidTLSConfiguration", ["gateway-invalid-tls-configuration"], async (world) => {
  for (const problem of ["nonexistent-secret", "unsupported-group", "unsupported-kind", "malformed-secret"])
    await expectListeners(world, `Gateway gateway-certificate-${problem}`, {
      https: { attached: 0, kinds: ["HTTPRoute"], conditions: { ResolvedRefs: "False InvalidCertificateRef" } },
    });
});

replay("GatewaySecretInvalidReferenceGrant", ["gateway-secret-invalid-reference-grant"], async (world) => {
  await expectListeners(world, "Gateway gateway-secret-invalid-reference-grant", {
    https: { attached: 0, kinds: ["HTTPRoute"], conditions: { ResolvedRefs: "False RefNotPermitted" } },
  });
});

replay("GatewaySecretMissingReferenceGrant", ["gateway-secret-missing-reference-grant"], async (world) => {
  const refused = { attached: 0, kinds: ["HTTPRoute"], conditions: { ResolvedRefs: "False RefNotPermitted" } };
  await expectListeners(world, "Gateway gateway-secret-missing-reference-grant", {
    https: refused,
    "https-nonexistent-secret": refused,
  });
});

replay(
  "GatewaySecretReferenceGrantAllInNamespace",
  ["gateway-secret-reference-grant-all-in-namespace"],
  async (world) => {
    await expectListeners(world, "Gateway gateway-secret-reference-grant-all-in-namespace", {
      https: { attached: 0, kinds: ["HTTPRoute"], conditions: { Programmed: "True Programmed", ResolvedRefs: "True" } },
    });
  },
);

replay("GatewaySecretReferenceGrantSpecific", ["gateway-secret-reference-grant-specific"], async (world) => {
  await expectListeners(world, "Gateway gateway-secret-reference-grant-specific", {
    https: { attached: 0, kinds: ["HTTPRoute"], conditions: { Programmed: "True Programmed", ResolvedRefs: "True" } },
  });
});

replay("GatewayInvalidTLSBackendConfiguration", ["gateway-invalid-tls-backend-configuration"], async (world) => {
  const reasons = {
    "nonexistent-secret": "InvalidClientCertificateRef",
    "unsupported-group": "InvalidClientCertificateRef",
    "unsupported-kind": "InvalidClientCertificateRef",
    "malformed-secret": "InvalidClientCertificateRef",
    "missing-reference-grant": "RefNotPermitted",
  };
  for (const [problem, reason] of Object.entries(reasons))
    await expectConditions(world, `Gateway gateway-client-certificate-${problem}`, {
      ResolvedRefs: `False ${reason}`,
      Accepted: "True Accepted",
    });
});

replay("GatewayTLSBackendClientCertificate", ["gateway-tls-backend-client-certificate"], async (world) => {
  const gateway = "gateway-tls-backend-client-certificate";
  await expectAccepted(world, gateway, `HTTPRoute ${gateway}`);
  await expectParents(world, `BackendTLSPolicy ${gateway}-test`, { [`${infra}/${gateway}`]: { Accepted: "True" } });
  await expectConditions(world, `Gateway ${gateway}`, { ResolvedRefs: "True ResolvedRefs" });
  const backend = "tls-backend-with-client-cert-validation";
  await expectAnswers(world, gateway, [
    [{ host: "abc.example.com" }, { backend, sees: { serverName: "abc.example.com" } }],
  ]);
  const shown = world.pod(backend).arrived.at(-1)?.tls?.clientCertificate?.trim();
  expect(shown).toBe(world.certificates.pairs.get(`${infra}/tls-checks-client-certificate`)?.certificate.trim());
});

replay("GatewayFrontendClientCertificateValidation", ["gateway-with-clientcertificate-validation"], async (world) => {
  const gateway = "client-validation-default";
  const route = "HTTPRoute client-certificate-validation-https-test";
  await expectAccepted(world, gateway, route, `${route}-no-hostname`);
  const [first, second] = ["example.org", "second-example.org"] as const;
  await expectAnswers(world, gateway, [
    [{ host: first, tls: client(world, first, clients) }, v1],
    [{ host: second, port: 8443, tls: client(world, second, portClients) }, v2],
  ]);
  const address = world.addressOf(gateway);
  await expect(ask(address, { host: first, tls: client(world, first, portClients) })).rejects.toThrow();
  await expect(ask(address, { host: first, tls: client(world, first) })).rejects.toThrow();
  await expect(ask(address, { host: second, port: 8443, tls: client(world, second, clients) })).rejects.toThrow();
});

replay(
  "GatewayFrontendClientCertificateValidationInsecureFallback",
  ["gateway-with-clientcertificate-validation-insecure-fallback"],
  async (world) => {
    const gateway = "client-validation-insecure-fallback";
    const route = "HTTPRoute client-cert-validation-insecure-fallback-test";
    await expectAccepted(world, gateway, route, `${route}-no-hostname`);
    await expectConditions(world, `Gateway ${gateway}`, {
      InsecureFrontendValidationMode: "True ConfigurationChanged",
    });
    const [first, second] = ["example.org", "second-example.org"] as const;
    for (const who of [clients, portClients, undefined])
      await expectAnswers(world, gateway, [
        [{ host: first, tls: client(world, first, who) }, v1],
        [{ host: second, port: 8443, tls: client(world, second, who) }, v2],
      ]);
  },
);

replay(
  "GatewayFrontendInvalidDefaultClientCertificateValidation",
  ["gateway-invalid-default-frontend-client-certificate-validation"],
  async (world) => {
    const gateway = "invalid-default-client-validation-config";
    const refused = {
      Accepted: "False NoValidCACertificate",
      ResolvedRefs: "False InvalidCACertificateRef",
      Programmed: "False",
    };
    await expectListeners(world, `Gateway ${gateway}`, {
      http: { conditions: serving },
      https: { conditions: refused },
    });
    const host = "example.org";
    await expectAnswers(world, gateway, [[{ host }, v1]]);
    await expect(ask(world.addressOf(gateway), { host, tls: client(world, host) })).rejects.toThrow();
  },
);

replay(
  "GatewayInvalidFrontendClientCertificateValidation",
  ["gateway-with-invalid-clientcertificate-validation"],
  async (world) => {
    const refused = (reason: string): { conditions: Record<string, string> } => ({
      conditions: { Accepted: "False NoValidCACertificate", ResolvedRefs: `False ${reason}`, Programmed: "False" },
    });
    await expectListeners(world, "Gateway gateway-with-invalid-client-cert-validation", {
      https: { conditions: serving },
      "https-unresolved": refused("InvalidCACertificateRef"),
      "https-invalid-kind": refused("InvalidCACertificateKind"),
      "https-grant-missing": refused("RefNotPermitted"),
    });
  },
);
