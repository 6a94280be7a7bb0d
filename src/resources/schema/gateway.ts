/** The schemas of Gateway and ListenerSet. */
import { gatewayGroup } from "../kinds.ts";
import type {
  AllowedListeners,
  FrontendTLSConfig,
  FrontendTLSValidation,
  Gateway,
  GatewayBackendTLS,
  GatewayInfrastructure,
  GatewaySpec,
  GatewaySpecAddress,
  GatewayTLSConfig,
  ListenerNamespaces,
  TLSConfig,
  TLSPortConfig,
} from "../types/gateway.ts";
import type { ListenerSet, ListenerSetSpec } from "../types/listener-set.ts";
import type { ObjectReference, ParentGatewayReference } from "../types/references.ts";
import { addressProperties, distinctAddresses, ipAddressValue, specHostnameValue } from "./address.ts";
import {
  group,
  kind,
  list,
  listByKey,
  map,
  namespaceName,
  object,
  objectName,
  oneOf,
  portNumber,
  string,
} from "./construct.ts";
import { gatewayListeners, listenerSetListeners } from "./listeners.ts";
import { labelSelector, namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, labelValue, qualifiedName } from "./pattern.ts";
import { localObjectReference, objectReference, secretObjectReference } from "./references.ts";
import { uniqueBy, violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { gatewayStatus, listenerSetStatus } from "./status.ts";

const address: Schema<GatewaySpecAddress> = object<GatewaySpecAddress>(
  { ...addressProperties, value: string({ maxLength: 253 }) },
  [],
  { rules: [ipAddressValue, specHostnameValue] },
);

const allowedListeners: Schema<AllowedListeners> = object<AllowedListeners>({
  namespaces: object<ListenerNamespaces>(
    { from: oneOf(["All", "Selector", "Same", "None"], { default: "None" }), selector: labelSelector },
    [],
    { default: { from: "None" } },
  ),
});

/** Here the CRD lets a domain be 252 characters long at most. */
function keyRules(what: "Label" | "Annotation"): readonly Rule<Readonly<Record<string, string>>>[] {
  return [
    {
      id: `${what} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.`,
      find: (values) =>
        Object.keys(values).flatMap((key) =>
          violationIf(
            !qualifiedName.expression.test(key),
            `${JSON.stringify(key)} is no valid key: it must be ${qualifiedName.description}`,
            [key],
          ),
        ),
    },
    {
      id: `If specified, the ${what.toLowerCase()} key's prefix must be a DNS subdomain not longer than 253 characters in total.`,
      find: (values) =>
        Object.keys(values).flatMap((key) =>
          violationIf(
            (key.split("/")[0] ?? "").length >= 253,
            `the domain of ${JSON.stringify(key)} is too long: at most 252 characters are allowed`,
            [key],
          ),
        ),
    },
  ];
}

const infrastructure: Schema<GatewayInfrastructure> = object<GatewayInfrastructure>({
  annotations: map<string>(string({ maxLength: 4096 }), { maxProperties: 16, rules: keyRules("Annotation") }),
  labels: map<string>(string({ maxLength: 63, pattern: labelValue }), { maxProperties: 8, rules: keyRules("Label") }),
  parametersRef: localObjectReference,
});

const clusterTrustBundles: Rule<readonly ObjectReference[]> = {
  id: "ClusterTrustBundle references must not specify namespace",
  find: (references) =>
    references.flatMap(({ group, kind, namespace }, index) =>
      violationIf(
        group === "certificates.k8s.io" && kind === "ClusterTrustBundle" && namespace !== undefined,
        "a ClusterTrustBundle belongs to no namespace",
        [index, "namespace"],
        'Remove "namespace"',
      ),
    ),
};

const tlsConfig: Schema<TLSConfig> = object<TLSConfig>({
  validation: object<FrontendTLSValidation>(
    {
      caCertificateRefs: list<ObjectReference>(objectReference, {
        minItems: 1,
        maxItems: 16,
        rules: [clusterTrustBundles],
      }),
      mode: oneOf(["AllowValidOnly", "AllowInsecureFallback"], { default: "AllowValidOnly" }),
    },
    ["caCertificateRefs"],
  ),
});

const frontend: Schema<FrontendTLSConfig> = object<FrontendTLSConfig>(
  {
    default: tlsConfig,
    perPort: listByKey<TLSPortConfig>(
      object<TLSPortConfig>({ port: portNumber, tls: tlsConfig }, ["port", "tls"]),
      "port",
      {
        maxItems: 64,
        rules: [
          uniqueBy(
            "Port for TLS configuration must be unique within the Gateway",
            ({ port }) => String(port),
            ({ port }) => `port ${port}`,
            "port",
          ),
        ],
      },
    ),
  },
  ["default"],
);

const spec: Schema<GatewaySpec> = object<GatewaySpec>(
  {
    addresses: list<GatewaySpecAddress>(address, {
      maxItems: 16,
      rules: [distinctAddresses("IPAddress"), distinctAddresses("Hostname")],
    }),
    allowedListeners,
    defaultScope: oneOf(["All", "None"], { experimental: true }),
    gatewayClassName: objectName,
    infrastructure,
    listeners: gatewayListeners,
    tls: object<GatewayTLSConfig>({
      backend: object<GatewayBackendTLS>({ clientCertificateRef: secretObjectReference }),
      frontend,
    }),
  },
  ["gatewayClassName", "listeners"],
);

export const gatewaySchema: Schema<Gateway> = object<Gateway>(
  {
    apiVersion: string(),
    kind: oneOf(["Gateway"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec,
    status: gatewayStatus,
  },
  ["spec"],
);

export const listenerSetSchema: Schema<ListenerSet> = object<ListenerSet>(
  {
    apiVersion: string(),
    kind: oneOf(["ListenerSet"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<ListenerSetSpec>(
      {
        listeners: listenerSetListeners,
        parentRef: object<ParentGatewayReference>(
          { group: group(gatewayGroup), kind: kind("Gateway"), name: objectName, namespace: namespaceName },
          ["name"],
        ),
      },
      ["listeners", "parentRef"],
    ),
    status: listenerSetStatus,
  },
  ["spec"],
);
