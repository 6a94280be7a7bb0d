/** Kubernetes objects of the tests, as short as they can be said; in JSON, which is YAML too. */

export type Manifest = Readonly<Record<string, unknown>>;

const GATEWAY_API = "gateway.networking.k8s.io";

export interface ListenerManifest {
  readonly name: string;
  readonly port: number;
  /** Default: HTTP. */
  readonly protocol?: "HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP";
  readonly hostname?: string;
  /** The Secret with its certificate. */
  readonly certificate?: string;
}

export function gateway(name: string, listeners: readonly ListenerManifest[]): Manifest {
  const spec = {
    gatewayClassName: "trilith",
    listeners: listeners.map(({ certificate, protocol = "HTTP", ...listener }) => ({
      ...listener,
      protocol,
      ...(certificate !== undefined && { tls: { certificateRefs: [{ name: certificate }] } }),
    })),
  };
  return { apiVersion: `${GATEWAY_API}/v1`, kind: "Gateway", metadata: { name }, spec };
}

export interface RouteManifest {
  readonly kind?: "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "UDPRoute";
  readonly name: string;
  /** The Gateway's name. */
  readonly parent: string;
  readonly section?: string;
  readonly hostnames?: readonly string[];
  readonly rules: readonly object[];
}

export function route({ kind = "HTTPRoute", name, parent, section, hostnames, rules }: RouteManifest): Manifest {
  const parentRefs = [{ name: parent, ...(section !== undefined && { sectionName: section }) }];
  const spec = { parentRefs, ...(hostnames && { hostnames }), rules };
  return { apiVersion: `${GATEWAY_API}/v1`, kind, metadata: { name }, spec };
}

/** A backend of a rule. */
export function to(name: string, weight?: number, port = 80): object {
  return { name, port, ...(weight !== undefined && { weight }) };
}

/** The match of a path prefix. */
export function under(value: string): object {
  return { path: { type: "PathPrefix", value } };
}

export interface ServiceManifest {
  readonly port?: number;
  readonly appProtocol?: string;
  readonly protocol?: "TCP" | "UDP";
}

/** A Service with an EndpointSlice of ports of loopback. */
export function service(name: string, backends: readonly number[], options: ServiceManifest = {}): Manifest[] {
  const { port = 80, appProtocol, protocol = "TCP" } = options;
  const ports = [{ name: "main", port, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  return [
    { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports } },
    ...backends.map((backend) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-${backend}`, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"] }],
      ports: [{ name: "main", port: backend, protocol }],
    })),
  ];
}

export interface WorkloadManifest {
  readonly name: string;
  readonly namespace: string;
  readonly account: string;
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports?: readonly object[];
  readonly calls?: readonly object[];
}

/** A program in the mesh. */
export function workload(manifest: WorkloadManifest): Manifest {
  const { name, namespace, account, address, labels = {}, ports, calls } = manifest;
  const spec = { serviceAccountName: account, address, ...(ports && { ports }), ...(calls && { calls }) };
  const metadata = { name, namespace, labels };
  return { apiVersion: "trilith.dev/v1alpha1", kind: "Workload", metadata, spec };
}

/** A Service that selects Workloads. */
export function selecting(
  name: string,
  namespace: string,
  selector: Readonly<Record<string, string>>,
  port: number,
): Manifest {
  const spec = { selector, ports: [{ name: "main", port }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec };
}

/** A Service that stands for a name elsewhere. */
export function externalService(name: string, externalName: string, port: number): Manifest {
  const spec = { type: "ExternalName", externalName, ports: [{ name: "main", port }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
}

/** Lets a Service be asked over TLS, under a host name that the authority in a ConfigMap of the same name vouches for. */
export function backendTls(serviceName: string, hostname: string, authority: string): Manifest[] {
  const validation = { hostname, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: serviceName }] };
  const targetRefs = [{ group: "", kind: "Service", name: serviceName }];
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: serviceName }, data: { "ca.crt": authority } },
    {
      apiVersion: `${GATEWAY_API}/v1`,
      kind: "BackendTLSPolicy",
      metadata: { name: serviceName },
      spec: { targetRefs, validation },
    },
  ];
}

/** What the owner of a Service asks of those who call it. */
export function backendPolicy(name: string, serviceName: string, spec: object): Manifest {
  return {
    apiVersion: "trilith.dev/v1alpha1",
    kind: "BackendPolicy",
    metadata: { name },
    spec: { targetRefs: [{ group: "", kind: "Service", name: serviceName }], ...spec },
  };
}

export function tlsSecret(name: string, pem: { readonly certificate: string; readonly key: string }): Manifest {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const data = { "tls.crt": base64(pem.certificate), "tls.key": base64(pem.key) };
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, type: "kubernetes.io/tls", data };
}

/** As the text of a file of YAML documents. */
export function documents(objects: readonly Manifest[]): string {
  return objects.map((object) => JSON.stringify(object)).join("\n---\n");
}
