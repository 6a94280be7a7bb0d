/**
 * What workloads of the mesh call in the tests of where their calls go: Services of several kinds, a server that is outside as far as the
 * mesh knows, and the ways out to it.
 */
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { echoDeployment, echoPod, namespaceObject } from "./echo-workload.ts";

const GATEWAY_API = "gateway.networking.k8s.io";

/** Of the pods of `server`, unless it says otherwise. */
export const service = (name: string, port: number, more: object = {}, namespace = "shop"): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { name: "server" }, ports: [{ port, targetPort: port === 80 ? 8080 : port }], ...more },
});

/** A StatefulSet and its headless Service. */
export const database: readonly object[] = [
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "shop" },
    spec: { serviceName: "db", selector: { matchLabels: { name: "db" } }, template: echoPod("db") },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "db", namespace: "shop" },
    spec: { clusterIP: "None", selector: { name: "db" }, ports: [{ port: 8080 }] },
  },
];

export interface PlacedEndpoint {
  readonly address: string;
  readonly node: string;
  /** Absent: for all. */
  readonly zone?: string;
}

/** A Service whose endpoints are stated, each for callers of its zone. */
export const withEndpoints = (name: string, endpoints: readonly PlacedEndpoint[], more: object = {}): object[] => [
  service(name, 80, { selector: undefined, ...more }),
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "shop", labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map(({ address, node, zone }) => ({
      addresses: [address],
      nodeName: node,
      conditions: { ready: true },
      ...(zone !== undefined && { hints: { forZones: [{ name: zone }] } }),
    })),
  },
];

/** What the owner of the Service "bounded", which has a route, asks for: one request at a time, and one that waits. */
export const bounded: readonly object[] = [
  service("bounded", 80),
  {
    apiVersion: "trilith.dev/v1alpha1",
    kind: "BackendPolicy",
    metadata: { name: "bounded", namespace: "shop" },
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "bounded" }],
      circuitBreaker: { maxConnections: 1, maxPendingRequests: 1 },
    },
  },
];

interface RouteWishes {
  readonly namespace?: string;
  readonly filters?: readonly object[];
}

/** An HTTPRoute for the Service of its name. */
const routeOf = (
  name: string,
  backendRefs: readonly object[],
  { namespace = "shop", filters = [] }: RouteWishes = {},
): object => ({
  apiVersion: `${GATEWAY_API}/v1`,
  kind: "HTTPRoute",
  metadata: { name, namespace },
  spec: { parentRefs: [{ group: "", kind: "Service", name }], rules: [{ filters, backendRefs }] },
});

/** To itself; its answers say that it was there. */
export const routeTo = (name: string, port: number): object =>
  routeOf(name, [{ name, port }], {
    filters: [
      { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-mesh", value: "routed" }] } },
    ],
  });

/** What is outside, as far as the mesh knows, is known by this name, and speaks TLS alone. */
const PARTNER = "partner.plain.svc";

/**
 * A server outside the mesh with a certificate of its own, and the ways to it: from "closed" by a Service whose route leads to an XBackend,
 * and by one whose route leads to the Gateway "egress" of "infra", which has such an XBackend. Policies say who may send to them.
 */
export async function partnerAndWaysOut(): Promise<readonly object[]> {
  const authority = await createCertificateAuthority();
  const { certificate, key } = await authority.issue({ commonName: "partner", names: [PARTNER] });
  const tls = { apiVersion: "v1", kind: "Secret", metadata: { name: "partner", namespace: "plain" } };
  const server = {
    args: ["--port=8443", "--tls=8443", "--crt=/tls/tls.crt", "--key=/tls/tls.key"],
    container: { volumeMounts: [{ name: "tls", mountPath: "/tls" }] },
    pod: { volumes: [{ name: "tls", secret: { secretName: "partner" } }] },
  };
  return [
    namespaceObject("infra"),
    { ...tls, type: "kubernetes.io/tls", stringData: { "tls.crt": certificate, "tls.key": key } },
    echoDeployment("plain", "partner", server),
    service("partner", 8443, { selector: { name: "partner" } }, "plain"),
    ...["closed", "infra"].flatMap((namespace) => xBackend(namespace, authority.certificate)),
    onlyFor("default", "closed"),
    onlyFor("egress-trilith", "infra"),
    withoutPods("payments"),
    routeOf("payments", [PARTNER_BACKEND], { namespace: "closed" }),
    withoutPods("by-gateway"),
    routeOf("by-gateway", [{ name: "egress-trilith", namespace: "infra", port: 80 }], { namespace: "closed" }),
    ...egress,
  ];
}

/** In "closed". */
const withoutPods = (name: string): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "closed" },
  spec: { ports: [{ name: "http", port: 80, appProtocol: "http" }] },
});

const PARTNER_BACKEND = { group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "partner" };

const xBackend = (namespace: string, authority: string): object[] => [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "partner-authority", namespace },
    data: { "ca.crt": authority },
  },
  {
    apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
    kind: "XBackend",
    metadata: { name: "partner", namespace },
    spec: {
      type: "ExternalHostname",
      externalHostname: { hostname: PARTNER },
      port: { number: 8443 },
      protocol: "HTTP",
      tls: {
        mode: "ServerOnly",
        validation: {
          hostname: PARTNER,
          caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "partner-authority" }],
        },
      },
    },
  },
];

/** The XBackend of the namespace is for this account of it alone. */
const onlyFor = (account: string, namespace: string): object => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name: "payers", namespace },
  spec: {
    targetRefs: [PARTNER_BACKEND],
    rules: [{ sources: [{ type: "ServiceAccount", serviceAccount: { namespace, name: account } }] }],
  },
});

/** A Gateway through which workloads of "closed" go out, but for those of other accounts than "default". */
const egress: readonly object[] = [
  {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "Gateway",
    metadata: { name: "egress", namespace: "infra" },
    spec: { gatewayClassName: "trilith", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  },
  {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "HTTPRoute",
    metadata: { name: "out", namespace: "infra" },
    spec: { parentRefs: [{ name: "egress" }], rules: [{ backendRefs: [PARTNER_BACKEND] }] },
  },
  {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "ReferenceGrant",
    metadata: { name: "ways-out", namespace: "infra" },
    spec: {
      from: [{ group: GATEWAY_API, kind: "HTTPRoute", namespace: "closed" }],
      to: [{ group: "", kind: "Service" }],
    },
  },
  {
    apiVersion: "trilith.dev/v1alpha1",
    kind: "AccessPolicy",
    metadata: { name: "who-goes-out", namespace: "infra" },
    spec: {
      targetRefs: [{ group: GATEWAY_API, kind: "Gateway", name: "egress" }],
      rules: [{ sources: [{ type: "ServiceAccount", serviceAccount: { namespace: "closed", name: "default" } }] }],
    },
  },
];

/**
 * The pod on the node's network, by a name in the cluster's DNS that is no address of a Service, and ExternalName Services for that: "closed"
 * has a route to one as well.
 */
export const byName: readonly object[] = [
  service("node", 28080, { clusterIP: "None", selector: { name: "on-the-node" } }, "plain"),
  ...["shop", "closed"].map((namespace) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "elsewhere", namespace },
    spec: { type: "ExternalName", externalName: "node.plain.svc.cluster.local", ports: [{ port: 28080 }] },
  })),
  withoutPods("to-elsewhere"),
  routeOf("to-elsewhere", [{ name: "elsewhere", port: 28080 }], { namespace: "closed" }),
];
