/** Schemas of statuses, which Trilith reads when it keeps what other controllers wrote. */
import { gatewayGroup } from "../kinds.ts";
import type {
  Condition,
  GatewayClassStatus,
  GatewayStatus,
  GatewayStatusAddress,
  ListenerSetStatus,
  ListenerStatus,
  PolicyAncestorStatus,
  PolicyStatus,
  RouteGroupKind,
  RouteParentStatus,
  RouteStatus,
  XBackendAncestorStatus,
  XBackendStatus,
} from "../types/status.ts";
import { addressProperties, ipAddressValue, statusHostnameValue } from "./address.ts";
import {
  group,
  integer,
  kind,
  list,
  listByKey,
  named,
  object,
  objectName,
  oneOf,
  sectionName,
  string,
} from "./construct.ts";
import { conditionReason, conditionType, controllerName } from "./pattern.ts";
import { parentReference } from "./references.ts";
import type { ListSchema, Schema } from "./schema.ts";

const condition: Schema<Condition> = object<Condition>(
  {
    lastTransitionTime: string({ format: "date-time" }),
    message: string({ maxLength: 32768 }),
    observedGeneration: integer({ format: "int64", minimum: 0 }),
    reason: named(conditionReason, 1024),
    status: oneOf(["True", "False", "Unknown"]),
    type: string({ maxLength: 316, pattern: conditionType }),
  },
  ["lastTransitionTime", "message", "reason", "status", "type"],
);

const conditions = (more: Pick<ListSchema<Condition>, "minItems" | "default"> = {}): ListSchema<Condition> =>
  listByKey<Condition>(condition, "type", { maxItems: 8, ...more });

/** What the API server writes down before any controller has looked at an object. */
const pending = (...types: readonly string[]): readonly Condition[] =>
  types.map((type) => ({
    lastTransitionTime: "1970-01-01T00:00:00Z",
    message: "Waiting for controller",
    reason: "Pending",
    status: "Unknown",
    type,
  }));

const accepted = pending("Accepted");
const acceptedAndProgrammed = pending("Accepted", "Programmed");

const supportedFeatures: ListSchema<{ readonly name: string }> = listByKey<{ readonly name: string }>(
  object<{ readonly name: string }>({ name: string() }, ["name"]),
  "name",
  { maxItems: 64 },
);

export const gatewayClassStatus: Schema<GatewayClassStatus> = object<GatewayClassStatus>(
  { conditions: conditions({ default: accepted }), supportedFeatures },
  [],
  { default: { conditions: accepted } },
);

export const xMeshStatus: Schema<GatewayClassStatus> = object<GatewayClassStatus>(
  { conditions: conditions({ default: acceptedAndProgrammed }), supportedFeatures },
  [],
  { default: { conditions: accepted } },
);

export const routeGroupKind: Schema<RouteGroupKind> = object<RouteGroupKind>(
  { group: group(gatewayGroup), kind: kind() },
  ["kind"],
);

const listenerStatuses: ListSchema<ListenerStatus> = listByKey<ListenerStatus>(
  object<ListenerStatus>(
    {
      attachedRoutes: integer(),
      conditions: conditions(),
      name: sectionName,
      supportedKinds: list<RouteGroupKind>(routeGroupKind, { maxItems: 8 }),
    },
    ["attachedRoutes", "conditions", "name"],
  ),
  "name",
  { maxItems: 64 },
);

export const gatewayStatus: Schema<GatewayStatus> = object<GatewayStatus>(
  {
    addresses: list<GatewayStatusAddress>(
      object<GatewayStatusAddress>({ ...addressProperties, value: objectName }, ["value"], {
        rules: [ipAddressValue, statusHostnameValue],
      }),
      { maxItems: 16 },
    ),
    attachedListenerSets: integer(),
    conditions: conditions({ default: acceptedAndProgrammed }),
    listeners: listenerStatuses,
  },
  [],
  { default: { conditions: acceptedAndProgrammed } },
);

export const listenerSetStatus: Schema<ListenerSetStatus> = object<ListenerSetStatus>(
  { conditions: conditions({ default: acceptedAndProgrammed }), listeners: listenerStatuses },
  [],
  { default: { conditions: acceptedAndProgrammed } },
);

export const routeStatus: Schema<RouteStatus> = object<RouteStatus>(
  {
    parents: list<RouteParentStatus>(
      object<RouteParentStatus>(
        {
          conditions: conditions({ minItems: 1 }),
          controllerName: named(controllerName, 253),
          parentRef: parentReference,
        },
        ["conditions", "controllerName", "parentRef"],
      ),
      { maxItems: 32 },
    ),
  },
  ["parents"],
);

export const policyStatus: Schema<PolicyStatus> = object<PolicyStatus>(
  {
    ancestors: list<PolicyAncestorStatus>(
      object<PolicyAncestorStatus>(
        {
          ancestorRef: parentReference,
          conditions: conditions({ minItems: 1 }),
          controllerName: named(controllerName, 253),
        },
        ["ancestorRef", "conditions", "controllerName"],
      ),
      { maxItems: 16 },
    ),
  },
  ["ancestors"],
);

export const xBackendStatus: Schema<XBackendStatus> = object<XBackendStatus>({
  ancestors: list<XBackendAncestorStatus>(
    object<XBackendAncestorStatus>(
      {
        ancestorRef: parentReference,
        conditions: listByKey<Condition>(condition, "type"),
        controllerName: named(controllerName, 253),
      },
      ["ancestorRef", "controllerName"],
    ),
    { maxItems: 32 },
  ),
});
