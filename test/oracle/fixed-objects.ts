/** What every random configuration refers to: Namespaces, Services with their endpoints on loopback, parameters, and a certificate. */
import { selfSignedCertificate } from "../support/certificate.ts";

export async function fixedObjects(
  backends: readonly { readonly name: string; readonly namespace: string; readonly port: number }[],
): Promise<object[]> {
  const { certificate, key } = await selfSignedCertificate("*.example.com");
  const services = backends.flatMap(({ name, namespace, port }) => [
    { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"] }],
      ports: [{ port }],
    },
  ]);
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "certificate", namespace: "default" },
    type: "kubernetes.io/tls",
    data: { "tls.crt": Buffer.from(certificate).toString("base64"), "tls.key": Buffer.from(key).toString("base64") },
  };
  const namespaces = Object.entries({ default: "ours", other: "others" }).map(([name, team]) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { team } },
  }));
  const parameters = {
    apiVersion: "trilith.dev/v1alpha1",
    kind: "GatewayParameters",
    metadata: { name: "many-hosts", namespace: "default" },
    spec: { hosts: "Many" },
  };
  return [...namespaces, ...services, secret, parameters];
}
