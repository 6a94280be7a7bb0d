/** The schema of XBackend. */
import type { XBackend, XBackendSpec, XBackendTLS } from "../types/x-backend.ts";
import { backendValidation } from "./backend-tls-policy.ts";
import { map, named, object, oneOf, portNumber, string } from "./construct.ts";
import { namespacedMetadata, isQualifiedName } from "./metadata.ts";
import { dnsSubdomain, labelValue, preciseHostname, qualifiedName } from "./pattern.ts";
import { secretObjectReference } from "./references.ts";
import { sessionPersistence } from "./route.ts";
import { fieldOf, onlyFor, violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { xBackendStatus } from "./status.ts";

const modesWithValidation: readonly unknown[] = ["ServerOnly", "ClientAndServer"];

const tls: Schema<XBackendTLS> = object<XBackendTLS>(
  {
    clientCertificateRef: secretObjectReference,
    mode: oneOf(["None", "ServerOnly", "ClientAndServer"]),
    validation: backendValidation,
  },
  ["mode"],
  {
    default: { mode: "None" },
    rules: [
      onlyFor(
        "clientCertificateRef must be set if and only if mode is ClientAndServer",
        "mode",
        ["ClientAndServer"],
        "clientCertificateRef",
      ),
      onlyFor(
        "validation must be set if and only if mode is either ClientAndServer or ServerOnly",
        "mode",
        modesWithValidation,
        "validation",
      ),
    ],
  },
);

/** Whether TLS is on or off, as a protocol needs it. */
function protocolNeedsTls(id: string, protocol: string, enabled: boolean): Rule<XBackendSpec> {
  return {
    id,
    find: (spec) =>
      violationIf(
        spec.protocol === protocol && (spec.tls.mode !== "None") !== enabled,
        `protocol ${protocol} needs TLS ${enabled ? "enabled" : "disabled"}, but its mode is ${spec.tls.mode}`,
        ["tls", "mode"],
        protocol === "WSS"
          ? undefined
          : `Use protocol ${enabled ? "H2C" : "HTTP2"} for HTTP/2 ${enabled ? "without" : "with"} TLS`,
      ),
  };
}

const specRules: readonly Rule<XBackendSpec>[] = [
  onlyFor(
    "externalHostname must be set when type is ExternalHostname and must be unset otherwise",
    "type",
    ["ExternalHostname"],
    "externalHostname",
  ),
  onlyFor(
    "endpointSelector must be set when type is EndpointSelector and must be unset otherwise",
    "type",
    ["EndpointSelector"],
    "endpointSelector",
  ),
  protocolNeedsTls("tls must be disabled when protocol is H2C, use protocol HTTP2 for HTTP/2 with tls", "H2C", false),
  protocolNeedsTls(
    "tls must be enabled when protocol is HTTP2, use protocol H2C for HTTP/2 without tls",
    "HTTP2",
    true,
  ),
  protocolNeedsTls("tls must be enabled when protocol is WSS", "WSS", true),
  {
    id: "sessionPersistence can only be set when type is EndpointSelector",
    find: (spec) =>
      violationIf(
        spec.type !== "EndpointSelector" && fieldOf(spec, "sessionPersistence") !== undefined,
        `goes with type EndpointSelector only, but type is ${spec.type}`,
        ["sessionPersistence"],
      ),
  },
];

const selectorKeys: Rule<Readonly<Record<string, string>>> = {
  id: "Label keys must be in the form of an optional DNS subdomain prefix not longer than 253 characters followed by a required name segment of up to 63 characters.",
  find: (values) =>
    Object.keys(values).flatMap((key) =>
      violationIf(
        !isQualifiedName(key),
        `${JSON.stringify(key)} is no valid key: it must be ${qualifiedName.description}`,
        [key],
      ),
    ),
};

export const xBackendSchema: Schema<XBackend> = object<XBackend>(
  {
    apiVersion: string(),
    kind: oneOf(["XBackend"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<XBackendSpec>(
      {
        endpointSelector: object<{ readonly matchLabels: Readonly<Record<string, string>> }>(
          {
            matchLabels: map<string>(string({ maxLength: 63, pattern: labelValue }), {
              minProperties: 1,
              maxProperties: 64,
              rules: [selectorKeys],
            }),
          },
          ["matchLabels"],
        ),
        externalHostname: object<{ readonly hostname: string }>(
          {
            hostname: named(preciseHostname, 253, {
              rules: [
                {
                  id: "hostname must not be an IP address or end with .cluster.local",
                  find: (value) =>
                    violationIf(
                      value.endsWith(".cluster.local"),
                      `"${value}" is inside the cluster; only names outside can be external`,
                      [],
                      "Refer to the Service instead",
                    ),
                },
              ],
            }),
          },
          ["hostname"],
        ),
        port: object<{ readonly number: number }>({ number: portNumber }, [], { minProperties: 1 }),
        protocol: oneOf(["TCP", "HTTP", "HTTP2", "HTTP11", "H2C", "MCP", "GRPC", "WSS"]),
        sessionPersistence,
        tls,
        type: oneOf(["ExternalHostname", "EndpointSelector"]),
      },
      ["port", "type"],
      { rules: specRules },
    ),
    status: xBackendStatus,
  },
  ["spec"],
  { experimental: true },
);
