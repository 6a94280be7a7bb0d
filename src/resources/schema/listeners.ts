/** Listeners of Gateways and ListenerSets, with the rules that hold among them. */
import type {
  AllowedRoutes,
  Listener,
  ListenerFilters,
  ListenerRequestFilter,
  ListenerTLSConfig,
  RouteNamespaces,
} from "../types/gateway.ts";
import type { SecretObjectReference } from "../types/references.ts";
import type { RouteGroupKind } from "../types/status.ts";
import { hostname, list, listByKey, map, named, object, oneOf, portNumber, sectionName, string } from "./construct.ts";
import { externalAuth, filterRules } from "./filters.ts";
import { labelSelector } from "./metadata.ts";
import { protocol } from "./pattern.ts";
import { localObjectReference, secretObjectReference } from "./references.ts";
import { uniqueBy, violationIf, type Rule } from "./rule.ts";
import type { ListSchema, ObjectSchema, Schema } from "./schema.ts";
import { routeGroupKind } from "./status.ts";

const tls: Schema<ListenerTLSConfig> = object<ListenerTLSConfig>(
  {
    certificateRefs: list<SecretObjectReference>(secretObjectReference, { maxItems: 64 }),
    mode: oneOf(["Terminate", "Passthrough"], { default: "Terminate" }),
    options: map<string>(string({ maxLength: 4096 }), { maxProperties: 16 }),
  },
  [],
  {
    rules: [
      {
        id: "certificateRefs or options must be specified when mode is Terminate",
        find: ({ mode, certificateRefs = [], options = {} }) =>
          violationIf(
            mode === "Terminate" && certificateRefs.length === 0 && Object.keys(options).length === 0,
            "no certificate is named: mode Terminate needs certificateRefs or options",
            ["certificateRefs"],
          ),
      },
    ],
  },
);

const namespaces: Schema<RouteNamespaces> = object<RouteNamespaces>(
  { from: oneOf(["All", "Selector", "Same"], { default: "Same" }), selector: labelSelector },
  [],
  { default: { from: "Same" } },
);

const allowedRoutes: Schema<AllowedRoutes> = object<AllowedRoutes>(
  { kinds: list<RouteGroupKind>(routeGroupKind, { maxItems: 8 }), namespaces },
  [],
  { default: { namespaces: { from: "Same" } } },
);

const filters: Schema<ListenerFilters> = object<ListenerFilters>(
  {
    requests: list<ListenerRequestFilter>(
      object<ListenerRequestFilter>(
        {
          type: oneOf(["ExternalAuth", "ExtensionRef"]),
          externalAuth,
          extensionRef: localObjectReference,
        },
        ["type"],
        { rules: filterRules(["ExternalAuth", "ExtensionRef"]) },
      ),
      { maxItems: 16 },
    ),
  },
  [],
  { experimental: true },
);

const listener: ObjectSchema<Listener> = object<Listener>(
  {
    allowedRoutes,
    filters,
    hostname,
    name: sectionName,
    port: portNumber,
    protocol: named(protocol, 255),
    tls,
  },
  ["name", "port", "protocol"],
);

const filtersNeedHttp: Rule<Listener> = {
  id: "filters may only be set when protocol is HTTP or HTTPS",
  find: (value) =>
    violationIf(
      value.filters !== undefined && value.protocol !== "HTTP" && value.protocol !== "HTTPS",
      `filters need protocol HTTP or HTTPS, but listener "${value.name}" speaks ${value.protocol}`,
      ["filters"],
    ),
};

/** A rule on each listener by itself, which the CRDs state on the list. */
function eachListener(id: string, find: Rule<Listener>["find"]): Rule<readonly Listener[]> {
  return {
    id,
    find: (listeners) =>
      listeners.flatMap((value, index) =>
        find(value).map((violation) => ({ ...violation, path: [index, ...(violation.path ?? [])] })),
      ),
  };
}

const listenerRules: readonly Rule<readonly Listener[]>[] = [
  eachListener("tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']", ({ protocol, tls }) =>
    violationIf(
      tls !== undefined && ["HTTP", "TCP", "UDP"].includes(protocol),
      `protocol ${protocol} has no TLS`,
      ["tls"],
      protocol === "UDP"
        ? `Remove "tls"`
        : `Remove "tls", or set "protocol" to ${protocol === "HTTP" ? "HTTPS" : "TLS"}`,
    ),
  ),
  eachListener("tls mode must be Terminate for protocol HTTPS", ({ protocol, tls }) =>
    violationIf(
      protocol === "HTTPS" && tls !== undefined && tls.mode !== "Terminate",
      `protocol HTTPS needs mode Terminate, but it is ${tls?.mode ?? ""}`,
      ["tls", "mode"],
      'To pass TLS through, set "protocol" to TLS',
    ),
  ),
  eachListener("tls mode must be set for protocol TLS", ({ protocol, tls }) =>
    violationIf(
      protocol === "TLS" && tls === undefined,
      "protocol TLS needs a mode: Terminate (with certificateRefs) or Passthrough",
      ["tls"],
    ),
  ),
  eachListener("hostname must not be specified for protocols ['TCP', 'UDP']", ({ protocol, hostname }) =>
    violationIf(
      hostname !== undefined && (protocol === "TCP" || protocol === "UDP"),
      `protocol ${protocol} knows no host names`,
      ["hostname"],
      `Remove "hostname"`,
    ),
  ),
  uniqueBy(
    "Listener name must be unique within the Gateway",
    ({ name }) => name,
    ({ name }) => `listener name "${name}"`,
    "name",
  ),
  uniqueBy(
    "Combination of port, protocol and hostname must be unique for each listener",
    ({ port, protocol, hostname = "" }) => `${port}/${protocol}/${hostname}`,
    ({ port, protocol, hostname }) =>
      `the combination of port ${port}, protocol ${protocol} and ${hostname === undefined ? "no hostname" : `hostname "${hostname}"`}`,
  ),
];

export const listenerSetListeners: ListSchema<Listener> = listByKey<Listener>(listener, "name", {
  minItems: 1,
  maxItems: 64,
  rules: listenerRules,
});

export const gatewayListeners: ListSchema<Listener> = {
  ...listenerSetListeners,
  items: { ...listener, rules: [filtersNeedHttp] },
};
