/** The schema of GatewayClass. */
import type { GatewayClass, GatewayClassSpec } from "../types/gateway-class.ts";
import type { ParametersReference } from "../types/references.ts";
import { named, object, oneOf, string } from "./construct.ts";
import { clusterMetadata } from "./metadata.ts";
import { controllerName, dnsSubdomain } from "./pattern.ts";
import { objectReference } from "./references.ts";
import { violationIf } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { gatewayClassStatus } from "./status.ts";

const parametersRef: Schema<ParametersReference> = objectReference;

/** The controller of an object of this kind, which stays whose it is. */
export const immutableController = (kind: string): Schema<string> =>
  named(controllerName, 253, {
    rules: [
      {
        id: "field is immutable",
        find: () => [],
        findChange: (value, previous) =>
          violationIf(value !== previous, `cannot be changed from "${previous}" to "${value}": create another ${kind}`),
      },
    ],
  });

const spec: Schema<GatewayClassSpec> = object<GatewayClassSpec>(
  {
    controllerName: immutableController("GatewayClass"),
    description: string({ maxLength: 64 }),
    parametersRef,
  },
  ["controllerName"],
);

export const gatewayClassSchema: Schema<GatewayClass> = object<GatewayClass>(
  {
    apiVersion: string(),
    kind: oneOf(["GatewayClass"]),
    metadata: clusterMetadata(dnsSubdomain, 253),
    spec,
    status: gatewayClassStatus,
  },
  ["spec"],
);
