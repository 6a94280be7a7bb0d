/** The schema of XTelemetryPolicy. */
import type { HTTPHeader } from "../types/http-filters.ts";
import type { LocalObjectReference } from "../types/references.ts";
import type {
  ParentBasedSampling,
  TracingAttribute,
  TracingConfig,
  TracingProvider,
  XTelemetryPolicy,
  XTelemetryPolicySpec,
} from "../types/x-telemetry-policy.ts";
import { list, listByKey, named, object, oneOf, string } from "./construct.ts";
import { fraction, header } from "./filters.ts";
import { namespacedMetadata } from "./metadata.ts";
import { attributeKey, attributeName, dnsSubdomain, headerName, spanName } from "./pattern.ts";
import { backendObjectReference, localObjectReference } from "./references.ts";
import { fieldOf, onlyFor, violationIf, type Rule } from "./rule.ts";
import type { Schema, StringSchema } from "./schema.ts";
import { policyStatus } from "./status.ts";

const mode: StringSchema<"Enabled" | "Disabled" | "ImplementationDefault"> = oneOf(
  ["Enabled", "Disabled", "ImplementationDefault"],
  { default: "ImplementationDefault" },
);

/** A field that goes with mode Enabled, and is not needed there. */
const onlyEnabled = (field: string): Rule<object> => ({
  id: `${field} can only be set when mode is Enabled`,
  find: (value) =>
    violationIf(
      fieldOf(value, field) !== undefined && fieldOf(value, "mode") !== "Enabled",
      `goes with mode "Enabled" only, but mode is ${JSON.stringify(fieldOf(value, "mode"))}`,
      [field],
      `Remove "${field}", or set "mode" to "Enabled"`,
    ),
});

const attributeField = (sourceType: string, field: string): Rule<object> =>
  onlyFor(
    `${field} is required when sourceType is ${sourceType}, and must be empty otherwise`,
    "sourceType",
    [sourceType],
    field,
  );

const attribute: Schema<TracingAttribute> = object<TracingAttribute>(
  {
    attributeKey: named(attributeKey, 256),
    headerName: named(headerName, 256),
    literalValue: string({ minLength: 1, maxLength: 1024 }),
    name: named(attributeName, 256),
    sourceType: oneOf(["Header", "Literal", "Attribute"]),
  },
  ["name", "sourceType"],
  {
    rules: [
      attributeField("Header", "headerName"),
      attributeField("Literal", "literalValue"),
      attributeField("Attribute", "attributeKey"),
    ],
  },
);

const tracing: Schema<TracingConfig> = object<TracingConfig>(
  {
    attributes: listByKey<TracingAttribute>(attribute, "name"),
    mode,
    parentBasedSampling: object<ParentBasedSampling>({ mode, samplingRate: fraction }, [], {
      rules: [onlyEnabled("samplingRate")],
    }),
    provider: object<TracingProvider>(
      { backendRef: backendObjectReference, headers: listByKey<HTTPHeader>(header, "name", { maxItems: 16 }) },
      ["backendRef"],
    ),
    samplingRate: fraction,
    serviceName: named(attributeName, 253),
    spanName: named(spanName, 256),
  },
  [],
  {
    rules: [
      onlyFor(
        "provider is required when mode is Enabled, and must be empty otherwise",
        "mode",
        ["Enabled"],
        "provider",
      ),
      ...["samplingRate", "parentBasedSampling", "serviceName", "spanName", "attributes"].map(onlyEnabled),
    ],
  },
);

const somethingIsSet: Rule<XTelemetryPolicySpec> = {
  id: "at least one of the fields in [tracing] must be set",
  find: (spec) => violationIf(fieldOf(spec, "tracing") === undefined, "says nothing to be told", [], 'Set "tracing"'),
};

export const xTelemetryPolicySchema: Schema<XTelemetryPolicy> = object<XTelemetryPolicy>(
  {
    apiVersion: string(),
    kind: oneOf(["XTelemetryPolicy"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<XTelemetryPolicySpec>(
      {
        targetRefs: list<LocalObjectReference>(localObjectReference, { minItems: 1, maxItems: 16 }),
        tracing,
      },
      ["targetRefs"],
      { rules: [somethingIsSet] },
    ),
    status: policyStatus,
  },
  ["spec"],
  { experimental: true },
);
