/** What tests put around the workloads that answer: Services, routes, Gateways, and policies about who may call. */
import type { ObjectWithSpec } from "./echo-workload.ts";

const GATEWAY_API = "gateway.networking.k8s.io/v1";

/** HTTP and bytes, as workloads listen unless they are told otherwise. */
export const ECHO_PORTS: readonly object[] = [
  { name: "http", port: 80, targetPort: 8080 },
  { name: "tcp", port: 9090 },
];

/** Of the workload with its name, unless `spec` selects others. */
export const echoService = (
  namespace: string,
  name: string,
  ports: readonly object[] = ECHO_PORTS,
  spec: object = {},
): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { name }, ports, ...spec },
});

/** A parent of routes for calls in the mesh; absent port: all of its ports. */
export const serviceParent = (name: string, port?: number): object => ({
  group: "",
  kind: "Service",
  name,
  ...(port !== undefined && { port }),
});

/** Of one rule, which sends to port 80 of a Service; `rule` is what the rule has besides. */
export const httpRoute = (
  namespace: string,
  name: string,
  parentRefs: readonly object[],
  service: string,
  rule: object = {},
): object => ({
  apiVersion: GATEWAY_API,
  kind: "HTTPRoute",
  metadata: { name, namespace },
  spec: { parentRefs, rules: [{ ...rule, backendRefs: [{ name: service, port: 80 }] }] },
});

/** By the header `x-mesh: routed`, callers know that a route has taken their request. */
export const MARKED: object = {
  filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-mesh", value: "routed" }] } }],
};

/** HTTP on port 80, unless `spec` has other listeners. */
export const webGateway = (namespace: string, name: string, spec: object = {}): ObjectWithSpec => ({
  apiVersion: GATEWAY_API,
  kind: "Gateway",
  metadata: { name, namespace },
  spec: { gatewayClassName: "trilith", listeners: [{ name: "http", port: 80, protocol: "HTTP" }], ...spec },
});

export const accessPolicy = (namespace: string, name: string, spec: object): object => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name, namespace },
  spec,
});

/** Whom a policy is about: those with this ServiceAccount. */
export const ofAccount = (name: string): { readonly targetRefs: readonly object[] } => ({
  targetRefs: [{ group: "", kind: "ServiceAccount", name }],
});

/** Whom a rule lets in. */
export const fromAccount = (namespace: string, name: string): object => ({
  type: "ServiceAccount",
  serviceAccount: { namespace, name },
});
