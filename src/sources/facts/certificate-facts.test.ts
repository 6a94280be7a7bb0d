// @peculiar/x509 does not load without it.
// oxlint-disable-next-line import/no-unassigned-import
import "reflect-metadata";
import { generateKeyPairSync } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { selfSignedCertificate } from "../../../test/support/certificate.ts";
import type { Secret } from "../../resources/index.ts";
import { certificateFactOf } from "./certificate-facts.ts";

function secretOf(certificate: string, key: string): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "site", namespace: "default" },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certificate), "tls.key": base64(key) },
  };
}

async function rsaCertificate(modulusLength: number): Promise<{ readonly certificate: string; readonly key: string }> {
  const signingAlgorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const generation = { ...signingAlgorithm, modulusLength, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await crypto.subtle.generateKey(generation, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ name: "CN=rsa", keys, signingAlgorithm });
  const exported = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: certificate.toString("pem"), key: x509.PemConverter.encode(exported, "PRIVATE KEY") };
}

const { certificate, key } = await selfSignedCertificate("site.test");
const problemOf = (crt: string, pemKey: string): string | undefined => certificateFactOf(secretOf(crt, pemKey)).problem;

describe("a certificate that can be served", () => {
  test("tells its names and its end", () => {
    const { problem, dnsNames, notAfter = "" } = certificateFactOf(secretOf(certificate, key));
    expect({ problem, dnsNames, lasts: Date.parse(notAfter) > Date.now() }).toEqual({
      problem: undefined,
      dnsNames: ["site.test"],
      lasts: true,
    });
  });

  test("may have text around it and Windows' ends of lines", () => {
    expect(problemOf(`issued for us\r\n${certificate.replaceAll("\n", "\r\n")}`, key)).toBeUndefined();
  });
});

describe("what cannot be served is told in words", () => {
  test("a key that belongs to another certificate", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    });
    expect(problemOf(certificate, other.toString())).toBe(
      "cannot be used: its tls.key is not the key of the first certificate in its tls.crt",
    );
  });

  test("a chain with a certificate that is damaged, which Envoy would refuse with the whole listener", () => {
    const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(problemOf(`${certificate}\n${damaged}`, key)).toBe(
      "cannot be used: its tls.crt has a certificate 2 that cannot be read",
    );
  });

  test("a key that Envoy takes no certificate with", async () => {
    const weak = await rsaCertificate(1024);
    expect(problemOf(weak.certificate, weak.key)).toBe(
      "cannot be used: its certificate has an RSA key of 1024 bits, less than 2048, which is not served",
    );
    const strong = await rsaCertificate(2048);
    expect(problemOf(strong.certificate, strong.key)).toBeUndefined();
  });
});
