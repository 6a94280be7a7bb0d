import { describe, expect, test } from "vitest";
import { gatewayApiObject, told } from "./testing/told.ts";
import { validate } from "./validate.ts";

const backendRefs = [{ name: "b", port: 80 }];

describe("a GRPCRoute", () => {
  test("matches by names of services and methods", () => {
    const matches = [{ method: { service: "a b", method: "1" } }, { method: {} }];
    expect(told(gatewayApiObject("GRPCRoute", { rules: [{ matches }] }))).toEqual([
      'error spec.rules[0].matches[0].method.service: "a b" is not allowed: it must be the full name of a service, such as "shop.v1.Cart"',
      'error spec.rules[0].matches[0].method.method: "1" is not allowed: it must be the name of a method, such as "AddItem"',
      "error spec.rules[0].matches[1].method: names neither a service nor a method",
    ]);
  });
});

describe("a TLSRoute", () => {
  test("has names that a client can send, and one rule", () => {
    const rules = [{ backendRefs }];
    expect(told(gatewayApiObject("TLSRoute", { hostnames: ["10.0.0.1"], rules }))).toEqual([
      'error spec.hostnames[0]: "10.0.0.1" is not allowed: clients send no IP address as the server name of TLS',
    ]);
    expect(told(gatewayApiObject("TLSRoute", { rules: [...rules, ...rules] }))).toEqual([
      "error spec.rules: has 2 items, but may have at most 1",
      'error spec.hostnames: "hostnames" is missing',
    ]);
  });

  test("may leave them out, and have several rules, in v1alpha2", () => {
    const route = gatewayApiObject("TLSRoute", { rules: [{ backendRefs }, { backendRefs }] });
    expect(told({ ...route, apiVersion: "gateway.networking.k8s.io/v1alpha2" })).toEqual([]);
  });
});

describe("a BackendTLSPolicy", () => {
  const targetRefs = [{ group: "", kind: "Service", name: "s" }];

  test("says in exactly one way whom to trust", () => {
    const policy = (validation: object): object =>
      gatewayApiObject("BackendTLSPolicy", { targetRefs, validation: { hostname: "a.b", ...validation } });
    expect(told(policy({}))).toEqual([
      'error spec.validation: says nothing about which certificates to trust (Set "caCertificateRefs", or "wellKnownCACertificates: System")',
    ]);
    expect(
      told(policy({ wellKnownCACertificates: "System", subjectAltNames: [{ type: "URI", hostname: "a.b" }] })),
    ).toEqual([
      'error spec.validation.subjectAltNames[0].hostname: belongs to type "Hostname", but type is "URI" (Remove "hostname", or set "type" to "Hostname")',
      'error spec.validation.subjectAltNames[0].uri: is missing: type "URI" needs it',
    ]);
  });
});

describe("an XBackend", () => {
  const backend = (spec: object): object => ({
    ...gatewayApiObject("XBackend", {
      type: "ExternalHostname",
      externalHostname: { hostname: "a.example" },
      port: { number: 443 },
      ...spec,
    }),
    apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  });

  test("speaks without TLS unless it says otherwise", () => {
    expect(validate(backend({})).object).toMatchObject({ spec: { tls: { mode: "None" } } });
  });

  test("has the fields of its type, its protocol and its mode", () => {
    expect(told(backend({ type: "EndpointSelector", protocol: "HTTP2" }))).toEqual([
      'error spec.externalHostname: does not go with type "EndpointSelector"',
      'error spec.endpointSelector: is missing: type "EndpointSelector" needs it',
      "error spec.tls.mode: protocol HTTP2 needs TLS enabled, but its mode is None (Use protocol H2C for HTTP/2 without TLS)",
    ]);
    expect(told(backend({ tls: { mode: "ServerOnly" } }))).toEqual([
      'error spec.tls.validation: is missing: mode "ServerOnly" needs it',
    ]);
    expect(told(backend({ externalHostname: { hostname: "s.n.svc.cluster.local" } }))).toEqual([
      'error spec.externalHostname.hostname: "s.n.svc.cluster.local" is inside the cluster; only names outside can be external (Refer to the Service instead)',
    ]);
  });
});

describe("a ReferenceGrant", () => {
  test("is read in both versions", () => {
    const grant = gatewayApiObject("ReferenceGrant", {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "a" }],
      to: [{ group: "", kind: "Service" }],
    });
    expect([told(grant), told({ ...grant, apiVersion: "gateway.networking.k8s.io/v1beta1" })]).toEqual([[], []]);
  });
});
