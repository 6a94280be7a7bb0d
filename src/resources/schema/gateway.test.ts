import { describe, expect, test } from "vitest";
import { gatewayApiObject, told } from "./testing/told.ts";

const http = { name: "http", port: 80, protocol: "HTTP" };
const certificateRefs = [{ name: "cert" }];
const gateway = (spec: object): object =>
  gatewayApiObject("Gateway", { gatewayClassName: "c", listeners: [http], ...spec });

describe("a Gateway", () => {
  test("has listeners that differ in name, and in port, protocol or hostname", () => {
    const other = { ...http, name: "other" };
    expect(told(gateway({ listeners: [http, { ...http, port: 81 }] }))).toEqual([
      'error spec.listeners[1]: name "http" is in this list already, as item 0',
    ]);
    expect(told(gateway({ listeners: [http, other] }))).toEqual([
      "error spec.listeners[1]: the combination of port 80, protocol HTTP and no hostname is used more than once, first by item 0",
    ]);
    expect(told(gateway({ listeners: [http, { ...other, hostname: "a.b" }] }))).toEqual([]);
  });

  test.each([
    [{ ...http, tls: { certificateRefs } }, 'tls: protocol HTTP has no TLS (Remove "tls", or set "protocol" to HTTPS)'],
    [
      { ...http, protocol: "HTTPS", tls: { mode: "Passthrough" } },
      'tls.mode: protocol HTTPS needs mode Terminate, but it is Passthrough (To pass TLS through, set "protocol" to TLS)',
    ],
    [{ ...http, protocol: "TLS" }, "tls: protocol TLS needs a mode: Terminate (with certificateRefs) or Passthrough"],
    [
      { ...http, protocol: "HTTPS", tls: {} },
      "tls.certificateRefs: no certificate is named: mode Terminate needs certificateRefs or options",
    ],
    [{ ...http, protocol: "UDP", hostname: "a.b" }, 'hostname: protocol UDP knows no host names (Remove "hostname")'],
    [
      { ...http, protocol: "TCP", filters: {} },
      'filters: filters need protocol HTTP or HTTPS, but listener "http" speaks TCP',
    ],
  ])("has listeners whose fields fit their protocol: %j", (listener, message) => {
    expect(told(gateway({ listeners: [listener] }))).toEqual([`error spec.listeners[0].${message}`]);
  });

  test("has addresses of their type, each once", () => {
    const addresses = [
      { value: "10.0.0.1" },
      { value: "fe80::1" },
      { value: "10.0.0.1" },
      { type: "Hostname", value: "a.b" },
    ];
    expect(told(gateway({ addresses }))).toEqual([
      "error spec.addresses[2].value: 10.0.0.1 is in this list already, as item 0",
    ]);
    expect(told(gateway({ addresses: [{ value: "a.b" }] }))).toEqual([
      'error spec.addresses[0].value: "a.b" is no IP address, as type IPAddress needs one (For a name, set "type" to "Hostname")',
    ]);
  });

  test("states client certificates for each port once", () => {
    const tls = { validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] } };
    const perPort = [
      { port: 443, tls },
      { port: 443, tls },
    ];
    expect(told(gateway({ tls: { frontend: { default: tls, perPort } } }))).toEqual([
      "error spec.tls.frontend.perPort[1]: port 443 is in this list already, as item 0",
    ]);
  });
});
