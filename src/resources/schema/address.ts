/** What addresses of a Gateway have in common in its spec and in its status. */
import { isIPv4, isIPv6 } from "../ip-address.ts";
import { string } from "./construct.ts";
import { addressType, dnsSubdomain, hostname } from "./pattern.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { StringSchema } from "./schema.ts";

interface Address {
  readonly type: string;
  readonly value?: string;
}

const hostnamePattern = hostname.source;

const routability: StringSchema<string> = string({
  maxLength: 253,
  experimental: true,
  rules: [
    {
      id: "Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved",
      find: (value) =>
        violationIf(
          !isRoutability(value),
          `"${value}" is not allowed: it must be "Cluster" or like "example.com/internal"`,
        ),
    },
  ],
});

function isRoutability(value: string): boolean {
  if (value === "" || value === "Cluster") return true;
  const domain = value.split("/")[0] ?? "";
  const prefixed = /\/[^\n]/.test(value) && !value.includes("\n") && dnsSubdomain.expression.test(domain);
  return prefixed && domain !== "k8s.io" && !domain.endsWith(".k8s.io");
}

export const addressProperties: {
  readonly type: StringSchema<string>;
  readonly routability: StringSchema<string>;
} = {
  type: string({ minLength: 1, maxLength: 253, pattern: addressType, default: "IPAddress" }),
  routability,
};

/** The CRD says this with `oneOf`, not in CEL. */
export const ipAddressValue: Rule<Address> = {
  id: "oneOf",
  find: ({ type, value }) =>
    violationIf(
      type === "IPAddress" && value !== undefined && !isIPv4(value, true) && !isIPv6(value),
      `"${value ?? ""}" is no IP address, as type IPAddress needs one`,
      ["value"],
      'For a name, set "type" to "Hostname"',
    ),
};

const hostnameValue = (id: string): Rule<Address> => ({
  id,
  find: ({ type, value }) =>
    violationIf(
      type === "Hostname" && value !== undefined && !hostname.expression.test(value),
      `"${value ?? ""}" is not allowed: it must be ${hostname.description}`,
      ["value"],
    ),
});

export const specHostnameValue: Rule<Address> = hostnameValue(
  `Hostname value must be empty or contain only valid characters (matching ${hostnamePattern})`,
);
export const statusHostnameValue: Rule<Address> = hostnameValue(
  `Hostname value must only contain valid characters (matching ${hostnamePattern})`,
);

/** No two addresses of this type have the same value. */
export function distinctAddresses(type: "IPAddress" | "Hostname"): Rule<readonly Address[]> {
  return {
    id: `${type} values must be unique`,
    find: (addresses) =>
      addresses.flatMap((address, index) => {
        const earlier = addresses.findIndex((other) => other.type === type && other.value === address.value);
        const repeated = address.type === type && address.value !== undefined && earlier < index;
        return violationIf(repeated, `${address.value ?? ""} is in this list already, as item ${earlier}`, [
          index,
          "value",
        ]);
      }),
  };
}
