import { describe, expect, test } from "vitest";
import { configMapText, secretText } from "../object-data.ts";
import { told } from "./testing/told.ts";
import { validate } from "./validate.ts";

const core = (kind: string, fields: object, apiVersion = "v1"): object => ({
  apiVersion,
  kind,
  metadata: { name: "a" },
  ...fields,
});

describe("a Service", () => {
  test("has defaults, and keeps what Trilith does not read", () => {
    const spec = { sessionAffinity: "None", ports: [{ port: 80 }, { name: "b", port: 81, targetPort: "web" }] };
    expect(told(core("Service", { spec }))).toEqual([
      "error spec.ports[0].name: is missing: with several ports, each needs a name",
    ]);
    expect(validate(core("Service", { spec: { ...spec, ports: spec.ports.slice(0, 1) } })).object).toEqual({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "a", namespace: "default" },
      spec: { sessionAffinity: "None", type: "ClusterIP", ports: [{ port: 80, protocol: "TCP", targetPort: 80 }] },
    });
  });

  test("has ports unless it is headless or an external name", () => {
    expect(told(core("Service", { spec: { clusterIP: "None" } }))).toEqual([]);
    expect(told(core("Service", { spec: { type: "ExternalName", externalName: "a.example." } }))).toEqual([]);
    expect(told(core("Service", { spec: { type: "ExternalName" } }))).toEqual([
      "error spec.externalName: is missing: type ExternalName needs it",
    ]);
    expect(told(core("Service", { spec: {} }))).toEqual([
      "error spec.ports: is missing: only a headless Service and one of type ExternalName can do without",
    ]);
  });

  test("has ports that differ", () => {
    const ports = [
      { name: "a", port: 80 },
      { name: "a", port: 80 },
      { name: "u", port: 80, protocol: "UDP" },
    ];
    expect(told(core("Service", { spec: { ports } }))).toEqual([
      'error spec.ports[1].name: port name "a" is used more than once, first by item 0',
      "error spec.ports[1].port: port 80 of TCP is used more than once, first by item 0",
    ]);
  });
});

describe("an EndpointSlice", () => {
  test("has addresses of its type", () => {
    const endpoints = [{ addresses: ["10.0.0.1"] }, { addresses: ["fe80::1"] }];
    expect(told(core("EndpointSlice", { addressType: "IPv4", endpoints }, "discovery.k8s.io/v1"))).toEqual([
      'error endpoints[1].addresses[0]: "fe80::1" is no IPv4 address, which addressType says it is',
    ]);
  });

  test("has unnamed TCP ports unless it says otherwise", () => {
    const slice = core("EndpointSlice", { addressType: "IPv4", ports: [{ port: 80 }] }, "discovery.k8s.io/v1");
    expect(validate(slice).object).toMatchObject({ endpoints: [], ports: [{ name: "", port: 80, protocol: "TCP" }] });
  });
});

describe("a Secret", () => {
  test("gets its clear texts as data, over what is there", () => {
    const { object } = validate(core("Secret", { data: { a: "eA==", b: "eQ==" }, stringData: { b: "ü" } }));
    expect(object).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a", namespace: "default" },
      type: "Opaque",
      data: { a: "eA==", b: "w7w=" },
    });
    expect(object?.kind === "Secret" && ["a", "b", "c"].map((key) => secretText(object, key))).toEqual([
      "x",
      "ü",
      undefined,
    ]);
  });

  test("has base64 in data, and both keys where it is for TLS", () => {
    expect(told(core("Secret", { data: { a: "?" } }))).toEqual([
      'error data.a: is not base64 (Plain text goes under "stringData")',
    ]);
    expect(told(core("Secret", { type: "kubernetes.io/tls", stringData: { "tls.crt": "x" } }))).toEqual([
      'error data["tls.key"]: "tls.key" is missing: a Secret of type kubernetes.io/tls needs it',
    ]);
  });
});

describe("a ConfigMap", () => {
  test("has each key once, in data or in binaryData", () => {
    const fields = { data: { a: "x" }, binaryData: { b: "eQ==" } };
    const { object } = validate(core("ConfigMap", fields));
    expect(object?.kind === "ConfigMap" && ["a", "b"].map((key) => configMapText(object, key))).toEqual(["x", "y"]);
    expect(told(core("ConfigMap", { data: { a: "x" }, binaryData: { a: "eQ==" } }))).toEqual([
      'error binaryData.a: "a" is a key of data already',
    ]);
  });
});

describe("a ClusterTrustBundle", () => {
  const bundle = (name: string, spec: object): object => ({
    apiVersion: "certificates.k8s.io/v1beta1",
    kind: "ClusterTrustBundle",
    metadata: { name },
    spec,
  });

  test("is named after its signer, where it has one", () => {
    expect(told(bundle("a", { trustBundle: "-" }))).toEqual([]);
    expect(told(bundle("example.com:my-signer:a", { signerName: "example.com/my-signer", trustBundle: "-" }))).toEqual(
      [],
    );
    expect(told(bundle("a", { signerName: "example.com/my-signer", trustBundle: "-" }))).toEqual([
      'error metadata.name: "a" does not begin with "example.com:my-signer:", as bundles of example.com/my-signer do',
    ]);
    expect(told(bundle("example.com:my-signer:a", { trustBundle: "-" }))).toEqual([
      'error metadata.name: "example.com:my-signer:a" has a colon, which needs a signerName',
    ]);
  });
});

describe("a Pod", () => {
  test("keeps what decides whether a backend sends to it, and nothing else", () => {
    const pod = {
      ...core("Pod", {
        spec: { containers: [{ name: "a", image: "a" }] },
        status: {
          phase: "Running",
          podIP: "10.0.0.1",
          podIPs: [{ ip: "10.0.0.1" }],
          conditions: [
            { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" },
            { type: "PodScheduled", status: "True" },
          ],
        },
      }),
      metadata: { name: "a", labels: { app: "a" }, annotations: { note: "long" } },
    };
    expect(validate(pod).object).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a", namespace: "default", labels: { app: "a" } },
      status: { phase: "Running", podIPs: [{ ip: "10.0.0.1" }], conditions: [{ type: "Ready", status: "True" }] },
    });
  });
});
