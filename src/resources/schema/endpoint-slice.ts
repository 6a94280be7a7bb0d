/** The schema of EndpointSlice, as far as Trilith reads it; the rest stays as it is. */
import { isIPv4, isIPv6 } from "../ip-address.ts";
import type {
  EndpointConditions,
  EndpointHints,
  EndpointSlice,
  EndpointSliceEndpoint,
  EndpointSlicePort,
} from "../types/endpoint-slice.ts";
import { boolean, integer, list, object, oneOf, setOf, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsLabel, dnsSubdomain, preciseHostname } from "./pattern.ts";
import { uniqueBy, violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";

const isAddressOf: Readonly<Record<EndpointSlice["addressType"], (address: string) => boolean>> = {
  IPv4: (address) => isIPv4(address),
  IPv6: isIPv6,
  FQDN: (address) => address.length <= 253 && preciseHostname.expression.test(address.replace(/\.$/, "").toLowerCase()),
};

const addressesOfType: Rule<EndpointSlice> = {
  id: "addresses of the address type",
  find: ({ addressType, endpoints }) =>
    endpoints.flatMap(({ addresses }, index) =>
      addresses.flatMap((address, position) =>
        violationIf(
          !isAddressOf[addressType](address),
          `"${address}" is no ${addressType === "FQDN" ? "domain name" : `${addressType} address`}, which addressType says it is`,
          ["endpoints", index, "addresses", position],
        ),
      ),
    ),
};

const port: Schema<EndpointSlicePort> = object<EndpointSlicePort>(
  {
    name: string({ maxLength: 63, default: "" }),
    protocol: oneOf(["TCP", "UDP", "SCTP"], { default: "TCP" }),
    port: integer({ minimum: 1, maximum: 65535 }),
    appProtocol: string(),
  },
  [],
  { preserveUnknown: true },
);

const portNames: Rule<readonly EndpointSlicePort[]> = {
  id: "port names",
  find: (ports) =>
    ports.flatMap(({ name }, index) =>
      violationIf(
        name !== "" && !dnsLabel.expression.test(name),
        `"${name}" is not allowed: it must be ${dnsLabel.description}`,
        [index, "name"],
      ),
    ),
};

type Named = NonNullable<EndpointHints["forZones"]>[number];

const named: Schema<Named> = object<Named>({ name: string({ minLength: 1 }) }, ["name"], { preserveUnknown: true });

const endpoint: Schema<EndpointSliceEndpoint> = object<EndpointSliceEndpoint>(
  {
    addresses: setOf<string>(string({ minLength: 1 }), { minItems: 1, maxItems: 100 }),
    conditions: object<EndpointConditions>({ ready: boolean, serving: boolean, terminating: boolean }, [], {
      preserveUnknown: true,
    }),
    hostname: string({ maxLength: 63 }),
    nodeName: string(),
    zone: string(),
    hints: object<EndpointHints>({ forNodes: list<Named>(named), forZones: list<Named>(named) }, [], {
      preserveUnknown: true,
    }),
  },
  ["addresses"],
  { preserveUnknown: true },
);

export const endpointSliceSchema: Schema<EndpointSlice> = object<EndpointSlice>(
  {
    apiVersion: string(),
    kind: oneOf(["EndpointSlice"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    addressType: oneOf(["IPv4", "IPv6", "FQDN"]),
    endpoints: list<EndpointSliceEndpoint>(endpoint, { maxItems: 1000, default: [] }),
    ports: list<EndpointSlicePort>(port, {
      maxItems: 20000,
      rules: [
        portNames,
        uniqueBy(
          "unique port names",
          ({ name }) => name,
          ({ name }) => `port name "${name}"`,
          "name",
        ),
      ],
    }),
  },
  ["addressType"],
  { preserveUnknown: true, rules: [addressesOfType] },
);
