/** The schema of Service, as far as Trilith reads it; the rest stays as it is. */
import type { Service, ServicePort, ServiceSpec, ServiceStatus } from "../types/service.ts";
import { boolean, integer, list, map, object, oneOf, portNumber, string } from "./construct.ts";
import { namespacedMetadata, isQualifiedName } from "./metadata.ts";
import { dnsLabel, preciseHostname, qualifiedName } from "./pattern.ts";
import { uniqueBy, violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";

const targetPort: Rule<number | string> = {
  id: "target port",
  find: (value) =>
    typeof value === "number"
      ? violationIf(value < 0 || value > 65535, `${value} is not allowed: it must be from 1 to 65535`)
      : violationIf(
          value !== "" && !isPortName(value),
          `"${value}" is no name of a port: it must be up to 15 lower-case letters, digits and '-', with at least one letter`,
        ),
};

/** https://www.rfc-editor.org/rfc/rfc6335#section-5.1 */
function isPortName(text: string): boolean {
  return text.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && /[a-z]/.test(text);
}

const port: Schema<ServicePort> = object<ServicePort>(
  {
    name: string({ maxLength: 63 }),
    port: portNumber,
    protocol: oneOf(["TCP", "UDP", "SCTP"], { default: "TCP" }),
    targetPort: { type: "integer-or-string", rules: [targetPort] },
    appProtocol: string({
      rules: [
        {
          id: "application protocol",
          find: (value) =>
            violationIf(!isQualifiedName(value), `"${value}" is not allowed: it must be ${qualifiedName.description}`),
        },
      ],
    }),
    nodePort: integer({ minimum: 0, maximum: 65535 }),
  },
  ["port"],
  { preserveUnknown: true },
);

const portRules: readonly Rule<readonly ServicePort[]>[] = [
  {
    id: "port names",
    find: (ports) =>
      ports.flatMap(({ name = "" }, index) => [
        ...violationIf(name === "" && ports.length > 1, "is missing: with several ports, each needs a name", [
          index,
          "name",
        ]),
        ...violationIf(
          name !== "" && !dnsLabel.expression.test(name),
          `"${name}" is not allowed: it must be ${dnsLabel.description}`,
          [index, "name"],
        ),
      ]),
  },
  uniqueBy(
    "unique port names",
    ({ name }) => name || undefined,
    ({ name = "" }) => `port name "${name}"`,
    "name",
  ),
  uniqueBy(
    "unique ports",
    ({ port, protocol }) => `${port}/${protocol}`,
    ({ port, protocol }) => `port ${port} of ${protocol}`,
    "port",
  ),
];

const specRules: readonly Rule<ServiceSpec>[] = [
  {
    id: "ports are required",
    find: ({ type, clusterIP, ports = [] }) =>
      violationIf(
        ports.length === 0 && type !== "ExternalName" && clusterIP !== "None",
        "is missing: only a headless Service and one of type ExternalName can do without",
        ["ports"],
      ),
  },
  {
    id: "external name",
    find: ({ type, externalName = "" }) => {
      const name = externalName.replace(/\.$/, "").toLowerCase();
      return violationIf(
        type === "ExternalName" && !(name.length <= 253 && preciseHostname.expression.test(name)),
        externalName === ""
          ? "is missing: type ExternalName needs it"
          : `"${externalName}" is not allowed: it must be ${preciseHostname.description}`,
        ["externalName"],
      );
    },
  },
];

const status: Schema<ServiceStatus> = object<ServiceStatus>(
  {
    loadBalancer: object<NonNullable<ServiceStatus["loadBalancer"]>>(
      {
        ingress: list<{ readonly ip?: string; readonly hostname?: string }>(
          object<{ readonly ip?: string; readonly hostname?: string }>({ ip: string(), hostname: string() }, [], {
            preserveUnknown: true,
          }),
        ),
      },
      [],
      { preserveUnknown: true },
    ),
  },
  [],
  { preserveUnknown: true },
);

export const serviceSchema: Schema<Service> = object<Service>(
  {
    apiVersion: string(),
    kind: oneOf(["Service"]),
    metadata: namespacedMetadata(dnsLabel, 63),
    spec: object<ServiceSpec>(
      {
        type: oneOf(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"], { default: "ClusterIP" }),
        ports: list<ServicePort>(port, { rules: portRules }),
        selector: map<string>(string(), { nullValue: "" }),
        clusterIP: string(),
        clusterIPs: list<string>(string()),
        ipFamilies: list<"IPv4" | "IPv6">(oneOf(["IPv4", "IPv6"]), { maxItems: 2 }),
        externalName: string(),
        externalIPs: list<string>(string()),
        publishNotReadyAddresses: boolean,
        internalTrafficPolicy: oneOf(["Cluster", "Local"]),
        sessionAffinity: oneOf(["None", "ClientIP"]),
      },
      [],
      { preserveUnknown: true, rules: specRules },
    ),
    status,
  },
  ["spec"],
  { preserveUnknown: true },
);

/** A port without a target port, or with 0 or "", goes to the same port of the endpoints. */
export function completeService(service: Service): Service {
  const { ports } = service.spec;
  if (ports === undefined) return service;
  const completed = ports.map((value) => ({ ...value, targetPort: value.targetPort || value.port }));
  return { ...service, spec: { ...service.spec, ports: completed } };
}
