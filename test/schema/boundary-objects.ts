/**
 * Objects on both sides of cross-field rules that take several fields at once to break, so that neither random objects nor
 * single changes reach them often. Only the specs differ; each says what it is about.
 */
import type { Json, JsonObject } from "./custom-resource-schema.ts";

export interface BoundaryObject {
  readonly name: string;
  readonly object: JsonObject;
}

export function boundaryObjects(): readonly BoundaryObject[] {
  const routes = [...totalMatches(), ...prefixRewrites(), ...references(), ...filterPairs(), ...timeouts()];
  return [...routes, ...listenerPairs(), ...addressPairs(), ...policyTargets(), ...wildcardsInCORS()];
}

function objectOf(kind: string, name: string, spec: Json): BoundaryObject {
  const apiVersion = "gateway.networking.k8s.io/v1";
  return { name: `${kind}: ${name}`, object: { apiVersion, kind, metadata: { name: "a", namespace: "b" }, spec } };
}

/** At most 128 matches over all rules. */
function totalMatches(): readonly BoundaryObject[] {
  const counts = [
    [64, 64],
    [64, 64, 1],
    [8, ...Array<number>(15).fill(8)],
    [9, ...Array<number>(15).fill(8)],
  ];
  return counts.flatMap((rules) => {
    const name = `${rules.join("+")} matches`;
    const http = rules.map((count) => ({ matches: Array.from({ length: count }, () => ({ method: "GET" })) }));
    const grpc = rules.map((count) => ({
      matches: Array.from({ length: count }, () => ({ method: { service: "a" } })),
    }));
    return [objectOf("HTTPRoute", name, { rules: http }), objectOf("GRPCRoute", name, { rules: grpc })];
  });
}

/** A replaced prefix needs exactly one match, and that one on a prefix. */
function prefixRewrites(): readonly BoundaryObject[] {
  const prefix = { path: { type: "PathPrefix", value: "/a" } };
  const exact = { path: { type: "Exact", value: "/a" } };
  const lists: readonly (readonly Json[] | undefined)[] = [
    undefined,
    [],
    [prefix],
    [exact],
    [prefix, prefix],
    [{ method: "GET" }],
  ];
  const path = { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" };
  const filters = [
    { type: "RequestRedirect", requestRedirect: { path } },
    { type: "URLRewrite", urlRewrite: { path } },
  ];
  return lists.flatMap((matches) =>
    filters.flatMap((filter) => {
      const name = `${filter.type} with ${JSON.stringify(matches)}`;
      const rule = matches === undefined ? {} : { matches };
      const backendRefs = [{ name: "a", port: 80, filters: [filter] }];
      return [
        objectOf("HTTPRoute", name, { rules: [{ ...rule, filters: [filter] }] }),
        objectOf("HTTPRoute", `backend's ${name}`, { rules: [{ ...rule, backendRefs }] }),
      ];
    }),
  );
}

/** Ports of backends, and what tells equal references apart. */
function references(): readonly BoundaryObject[] {
  const groups = [undefined, "", "core", "gateway.networking.x-k8s.io"];
  const kinds = [undefined, "Service", "XBackend"];
  const backends = groups.flatMap((group) =>
    kinds.flatMap((kind) => [undefined, 80].map((port) => without({ name: "a", group, kind, port }))),
  );
  const parents = ["", "a", undefined].flatMap((sectionName) =>
    [undefined, 80].flatMap((port) =>
      [undefined, "b"].map((namespace) => without({ name: "a", sectionName, port, namespace })),
    ),
  );
  const trust = [undefined, "certificates.k8s.io"].flatMap((group) =>
    ["ConfigMap", "ClusterTrustBundle"].flatMap((kind) =>
      [undefined, "b"].map((namespace) => without({ name: "a", group: group ?? "", kind, namespace })),
    ),
  );
  return [
    ...backends.map((one) => objectOf("HTTPRoute", JSON.stringify(one), { rules: [{ backendRefs: [one] }] })),
    ...pairs(parents).map((parentRefs) =>
      objectOf("TCPRoute", JSON.stringify(parentRefs), {
        parentRefs,
        rules: [{ backendRefs: [{ name: "a", port: 1 }] }],
      }),
    ),
    ...trust.map((one) =>
      objectOf("Gateway", JSON.stringify(one), {
        gatewayClassName: "a",
        listeners: [{ name: "a", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "a" }] } }],
        tls: { frontend: { default: { validation: { caCertificateRefs: [one] } } } },
      }),
    ),
  ];
}

function filterPairs(): readonly BoundaryObject[] {
  const filters = [
    { type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["a"] } },
    { type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["a"] } },
    { type: "RequestMirror", requestMirror: { backendRef: { name: "a", port: 80 } } },
    { type: "RequestRedirect", requestRedirect: { port: 80 } },
    { type: "URLRewrite", urlRewrite: { hostname: "a" } },
    { type: "CORS", cors: { allowOrigins: ["*"] } },
    { type: "ExtensionRef", extensionRef: { group: "a", kind: "A", name: "a" } },
    { type: "ExternalAuth", externalAuth: { protocol: "GRPC", grpc: {}, backendRef: { name: "a", port: 80 } } },
  ];
  return pairs(filters).flatMap((pair) => {
    const name = pair.map(({ type }) => type).join("+");
    return [
      objectOf("HTTPRoute", name, { rules: [{ filters: pair }] }),
      objectOf("HTTPRoute", `backend's ${name}`, {
        rules: [{ backendRefs: [{ name: "a", port: 80, filters: pair }] }],
      }),
      objectOf("HTTPRoute", `${name} with backend`, {
        rules: [{ backendRefs: [{ name: "a", port: 80 }], filters: pair }],
      }),
      objectOf("GRPCRoute", name, { rules: [{ filters: pair }] }),
    ];
  });
}

function timeouts(): readonly BoundaryObject[] {
  const durations = [
    "0s",
    "0ms",
    "1s",
    "999ms",
    "1000ms",
    "1001ms",
    "1m",
    "60s",
    "61s",
    "1h",
    "99999h99999h99999h99999h",
    "1s1ms",
  ];
  return pairs(durations).map(([request, backendRequest]) =>
    objectOf("HTTPRoute", `${request ?? ""} ${backendRequest ?? ""}`, {
      rules: [{ timeouts: { request: request ?? "", backendRequest: backendRequest ?? "" } }],
    }),
  );
}

function listenerPairs(): readonly BoundaryObject[] {
  const tls = [
    undefined,
    {},
    { mode: "Terminate" },
    { mode: "Passthrough" },
    { certificateRefs: [] },
    { certificateRefs: [{ name: "a" }] },
    { options: {} },
    { options: { a: "b" } },
    { mode: "" },
  ];
  const protocols = ["HTTP", "HTTPS", "TLS", "TCP", "UDP", "example.com/a"];
  const single = protocols.flatMap((protocol) =>
    tls.flatMap((one) =>
      [undefined, "", "a.example"].map((hostname) => [without({ name: "a", port: 80, protocol, tls: one, hostname })]),
    ),
  );
  const two = ["a", "b"].flatMap((name) =>
    [80, 81].flatMap((port) =>
      ["HTTP", "TCP"].flatMap((protocol) =>
        [undefined, "", "c"].map((hostname) => without({ name, port, protocol, hostname })),
      ),
    ),
  );
  return [...single, ...pairs(two)].flatMap((listeners) => {
    const name = JSON.stringify(listeners);
    return [
      objectOf("Gateway", name, { gatewayClassName: "a", listeners }),
      objectOf("ListenerSet", name, { parentRef: { name: "a" }, listeners }),
    ];
  });
}

function addressPairs(): readonly BoundaryObject[] {
  const values = [undefined, "10.0.0.1", "::1", "0:0::1", "a.example", "*.example"];
  const addresses = [undefined, "IPAddress", "Hostname", "NamedAddress"].flatMap((type) =>
    values.map((value) => without({ type, value })),
  );
  const listeners = [{ name: "a", port: 80, protocol: "HTTP" }];
  return pairs(addresses).map((pair) =>
    objectOf("Gateway", JSON.stringify(pair), { gatewayClassName: "a", listeners, addresses: pair }),
  );
}

function policyTargets(): readonly BoundaryObject[] {
  const targets = ["a", "b"].flatMap((name) =>
    [undefined, "", "http"].map((sectionName) => without({ group: "", kind: "Service", name, sectionName })),
  );
  const validation = { hostname: "a", wellKnownCACertificates: "System" };
  return pairs(targets).map((targetRefs) =>
    objectOf("BackendTLSPolicy", JSON.stringify(targetRefs), { targetRefs, validation }),
  );
}

function wildcardsInCORS(): readonly BoundaryObject[] {
  const lists = [
    [],
    ["*"],
    ["GET"],
    ["*", "GET"],
    ["GET", "*"],
    ["*", "*"],
    ["http://a", "*"],
    ["http://a", "https://*.b:1"],
  ];
  return ["allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders"].flatMap((field) =>
    lists.map((list) => {
      const filter = { type: "CORS", cors: { [field]: list } };
      return objectOf("HTTPRoute", JSON.stringify(filter), { rules: [{ filters: [filter] }] });
    }),
  );
}

/** The fields that have a value. */
function without(fields: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Every item with every other and with itself. */
function pairs<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return items.flatMap((one) => items.map((other) => [one, other]));
}
