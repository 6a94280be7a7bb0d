/** Official tests of BackendTLSPolicy. */
import { expect } from "vitest";
import { ask, expectAnswers } from "./exchange.ts";
import { expectForeignStatusKept } from "./foreign-status.ts";
import { callEcho } from "./grpc-exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { expectPod, podOfLine } from "./stream-exchange.ts";
import { expectAccepted, expectParents, expectRouteConditions, type ExpectedConditions } from "./summaries.ts";

const infra = "gateway-conformance-infra";
const host = "abc.example.com";
const accepted = { Accepted: "True Accepted", ResolvedRefs: "True ResolvedRefs" };
const noAuthority = { Accepted: "False NoValidCACertificate", ResolvedRefs: "False InvalidCACertificateRef" };
const replay = officialTests();

/** At every Gateway that it concerns; the namespace is part of the reference. */
async function expectPolicy(
  world: OfficialWorld,
  name: string,
  conditions: ExpectedConditions,
  gateways: readonly string[] = ["same-namespace"],
): Promise<void> {
  const ancestors = gateways.map((gateway) => [`${infra}/${gateway}`, conditions] as const);
  await expectParents(world, `BackendTLSPolicy ${name}`, Object.fromEntries(ancestors));
}

/** Any answer of an error, and of no backend. */
async function expectError(world: OfficialWorld, path: string, asked = host): Promise<void> {
  const answered = await ask(world.addressOf("same-namespace"), { host: asked, path });
  expect({ path, isError: answered.status >= 500, arrived: answered.arrived }).toEqual({
    path,
    isError: true,
    arrived: undefined,
  });
}

replay("BackendTLSPolicy", ["backendtlspolicy"], async (world) => {
  await expectAccepted(world, "same-namespace-with-https-listener", "HTTPRoute backendtlspolicy-reencrypt");
  await expectRouteConditions(world, "HTTPRoute backendtlspolicy-reencrypt", { ResolvedRefs: "True ResolvedRefs" });
  const both = ["same-namespace", "same-namespace-with-https-listener"];
  await expectPolicy(world, "normative-test", accepted, both);
  const sees = { serverName: host };
  const outside = "https-listener.org";
  await expectAnswers(world, "same-namespace-with-https-listener", [
    [
      { host: outside, path: "/backendtlspolicy", tls: { servername: outside } },
      { backend: "tls-backend", sees },
    ],
  ]);
  await expectAccepted(world, "same-namespace", "HTTPRoute backendtlspolicy");
  await expectAnswers(world, "same-namespace", [
    [
      { host, path: "/backendtlspolicy" },
      { backend: "tls-backend", sees },
    ],
  ]);
  await expectPolicy(world, "host-mismatch", accepted);
  await expectError(world, "/backendtlspolicy-host-mismatch");
  await expectPolicy(world, "cert-mismatch", accepted);
  await expectError(world, "/backendtlspolicy-cert-mismatch");

  const policy = "reconcile-test";
  const name = "tls-checks-ca-certificate-reconcile-test";
  const authority = world.certificates.authorities.get(`${infra}/tls-checks-ca-certificate`) ?? "";
  const path = "/backendtlspolicy-reconcile-test";
  await expectPolicy(world, policy, accepted);
  await world.set(
    `BackendTLSPolicy ${policy}`,
    ["spec", "validation", "caCertificateRefs"],
    [{ group: "", kind: "ConfigMap", name }],
  );
  await expectPolicy(world, policy, noAuthority);
  await expectError(world, path);
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: infra } };
  for (const [content, conditions] of [
    [authority, accepted],
    ["", noAuthority],
    [authority, accepted],
  ] as const) {
    await world.apply({ ...configMap, data: { "ca.crt": content } });
    await expectPolicy(world, policy, conditions);
    if (content === "") await expectError(world, path);
    else
      await expectAnswers(world, "same-namespace", [
        [
          { host, path },
          { backend: "tls-backend", sees },
        ],
      ]);
  }
});

replay("BackendTLSPolicyConflictResolution", ["backendtlspolicy-conflict-resolution"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backendtlspolicy-conflict-resolution");
  const conflicted = { Accepted: "False Conflicted" };
  await expectPolicy(world, "conflicted-without-section-name-1", accepted);
  await expectPolicy(world, "conflicted-without-section-name-2", conflicted);
  await expectPolicy(world, "conflicted-with-section-name-1", accepted);
  await expectPolicy(world, "conflicted-with-section-name-2", conflicted);
  await expectPolicy(world, "not-conflicted-with-section-name", accepted);
  await expectPolicy(world, "not-conflicted-without-section-name", accepted);
  const served = {
    "conflicted-without-section-name": "other.example.com",
    "conflicted-with-section-name": "other.example.com",
    "not-conflicted-with-section-name": "other.example.com",
    "not-conflicted-without-section-name": host,
  };
  for (const [path, serverName] of Object.entries(served))
    await expectAnswers(world, "same-namespace", [
      [
        { host, path: `/backendtlspolicy-${path}` },
        { backend: "tls-backend", sees: { serverName } },
      ],
    ]);
});

replay("BackendTLSPolicyGRPCRoute", ["backendtlspolicy-grpcroute"], async (world) => {
  const route = "GRPCRoute backendtlspolicy-grpcroute";
  await expectAccepted(world, "same-namespace", route, `${route}-cert-mismatch`);
  for (const policy of ["grpc-normative-test", "grpc-host-mismatch", "grpc-cert-mismatch"])
    await expectPolicy(world, policy, accepted);
  const call = async (method: string, authority: string): Promise<unknown> =>
    await callEcho(world, "same-namespace", { method, authority });
  await world.eventually(async () =>
    expect(await call("Echo", host)).toMatchObject({ status: 0, pod: "grpc-infra-backend-v1" }),
  );
  expect(await call("EchoTwo", host)).toMatchObject({ status: 14 });
  expect(await call("Echo", "cert-mismatch.example.com")).toMatchObject({ status: 14 });
});

replay("BackendTLSPolicyInvalidCACertificateRef", ["backendtlspolicy-invalid-ca-certificate-ref"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backendtlspolicy-invalid-ca-certificate-ref");
  for (const policy of ["nonexistent-ca-certificate-ref", "malformed-ca-certificate-ref"]) {
    await expectPolicy(world, policy, noAuthority);
    await expectAnswers(world, "same-namespace", [
      [{ host, path: `/backendtlspolicy-${policy}` }, { status: [500, 502, 503] }],
    ]);
  }
});

replay("BackendTLSPolicyInvalidKind", ["backendtlspolicy-invalid-kind"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backendtlspolicy-invalid-kind-test");
  await expectPolicy(world, "invalid-kind", {
    Accepted: "False NoValidCACertificate",
    ResolvedRefs: "False InvalidKind",
  });
  await expectAnswers(world, "same-namespace", [
    [{ host, path: "/backendtlspolicy-invalid-kind" }, { status: [500, 502, 503] }],
  ]);
});

replay("BackendTLSPolicyObservedGenerationBump", ["backendtlspolicy-observed-generation-bump"], async (world) => {
  const policy = "BackendTLSPolicy observed-generation-bump";
  await expectPolicy(world, "observed-generation-bump", { Accepted: "True" });
  const before = world.generationOf(policy);
  await world.set(policy, ["spec", "validation", "hostname"], "foo.example.com");
  expect(world.generationOf(policy)).toBe(before + 1);
  await expectPolicy(world, "observed-generation-bump", { Accepted: "True" });
});

replay("BackendTLSPolicyPreserveForeignStatus", ["backendtlspolicy-preserve-foreign-status"], async (world) => {
  const name = "backendtlspolicy-preserve-foreign-status";
  await expectAccepted(world, "same-namespace", `HTTPRoute ${name}`);
  await expectPolicy(world, name, { Accepted: "True" });
  const path = ["spec", "validation", "hostname"];
  await expectForeignStatusKept(world, `BackendTLSPolicy ${name}`, path, "second.example.com");
  await expectPolicy(world, name, { Accepted: "True" });
});

replay("BackendTLSPolicySANValidation", ["backendtlspolicy-san"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backendtlspolicy-san-test");
  for (const [good, bad] of [
    ["san-dns", "san-dns-mismatch"],
    ["san-uri", "san-uri-mismatch"],
    ["multiple-sans", "multiple-mismatch-sans"],
  ] as const) {
    await expectPolicy(world, good, { Accepted: "True Accepted" });
    await expectAnswers(world, "same-namespace", [
      [
        { host, path: `/backendtlspolicy-${good}` },
        { backend: "tls-backend", sees: { serverName: host } },
      ],
    ]);
    await expectPolicy(world, bad, { Accepted: "True Accepted" });
    await expectError(world, `/backendtlspolicy-${bad}`);
  }
});

replay("BackendTLSPolicyTLSRouteTerminate", ["backendtlspolicy-tlsroute-terminate"], async (world) => {
  const gateway = "gateway-btls-tlsroute-terminate";
  await expectAccepted(world, gateway, "TLSRoute backendtlspolicy-tlsroute-terminate");
  await expectPolicy(world, "btls-tlsroute-terminate-test", accepted, [gateway]);
  const ca = world.certificates.authorities.get(`${infra}/tls-checks-ca-certificate`) ?? "";
  const tls = { servername: "tls.example.com", ca };
  await expectPod(world, () => podOfLine(world.addressOf(gateway), 8443, tls), `${infra}/tcp-backend`);
});
