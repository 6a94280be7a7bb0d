/**
 * Filters that decide about access, each fetched by its name on the stream (ECDS): policies change without a listener changing, and so
 * without a connection being drained. Before a filter has come, nothing gets through.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/extension
 */
import { create } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ExtensionConfigSourceSchema } from "../../generated/envoy/config/core/v3/config_source_pb.ts";
import { TypedExtensionConfigSchema } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import { FilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { RBACSchema as HttpRbacSchema } from "../../generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts";
import { HttpFilterSchema } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { HttpFilter } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { RBACSchema as NetworkRbacSchema } from "../../generated/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts";
import type { Decisions } from "../../model/index.ts";
import { overTheStream } from "../discovery.ts";
import { type EnvoyRecord, recordOf, type ResourceId } from "../record.ts";
import { type AccessAction, type AccessSubject, rbacOf, type Trust } from "./access-rules.ts";

/** Denials come first: what is allowed is asked of what is left. */
const ACTIONS: readonly AccessAction[] = ["deny", "allow"];

/** `scope` begins the names of all filters of one place. */
const filterId = (scope: string, subject: AccessSubject, action: AccessAction): ResourceId => ({
  kind: "extension",
  name: `${scope}/${action}/${subject}`,
});

export const accessFilterIds = (scope: string, subject: AccessSubject): ResourceId[] =>
  ACTIONS.map((action) => filterId(scope, subject, action));

/** Ahead of the router. */
export const httpAccessFilters = (scope: string): HttpFilter[] =>
  accessFilterIds(scope, "http").map(({ name }) =>
    create(HttpFilterSchema, { name, configType: { case: "configDiscovery", value: fetchedAs(HttpRbacSchema) } }),
  );

/** Ahead of what carries bytes on. */
export const networkAccessFilters = (scope: string): Filter[] =>
  accessFilterIds(scope, "bytes").map((id) => fetchedFilter(id, NetworkRbacSchema));

export function fetchedFilter({ name }: ResourceId, schema: DescMessage): Filter {
  return create(FilterSchema, { name, configType: { case: "configDiscovery", value: fetchedAs(schema) } });
}

function fetchedAs({ typeName }: DescMessage): ReturnType<typeof create<typeof ExtensionConfigSourceSchema>> {
  return create(ExtensionConfigSourceSchema, {
    configSource: overTheStream,
    typeUrls: [`type.googleapis.com/${typeName}`],
  });
}

/** What the records of filters have in common. */
export type FilterRecord = Pick<EnvoyRecord, "audience" | "origins">;

/** A filter as it is fetched. */
export function filterRecord<Desc extends DescMessage>(
  id: ResourceId,
  common: FilterRecord,
  schema: Desc,
  config: MessageShape<Desc>,
): EnvoyRecord {
  return recordOf(
    { ...id, needs: [], ...common },
    TypedExtensionConfigSchema,
    create(TypedExtensionConfigSchema, { name: id.name, typedConfig: anyPack(schema, config) }),
  );
}

/** All filters of a scope. `statPrefix` is of those that decide about connections; `trust` says whether callers' certificates count. */
export function accessFilterRecords(
  scope: string,
  access: Decisions,
  common: FilterRecord,
  { statPrefix, trust }: { readonly statPrefix: string; readonly trust: Trust },
): EnvoyRecord[] {
  return ACTIONS.flatMap((action) => {
    const http = create(HttpRbacSchema, decisionsOf(access, action, "http", trust));
    const bytes = create(NetworkRbacSchema, { statPrefix, ...decisionsOf(access, action, "bytes", trust) });
    return [
      filterRecord(filterId(scope, "http", action), common, HttpRbacSchema, http),
      filterRecord(filterId(scope, "bytes", action), common, NetworkRbacSchema, bytes),
    ];
  });
}

type HttpRbacInit = Exclude<MessageInitShape<typeof HttpRbacSchema>, { readonly $typeName: string }>;

/** What a filter for the action decides. */
export function decisionsOf(
  { enforced, audited }: Decisions,
  action: AccessAction,
  subject: AccessSubject,
  trust: Trust,
): Pick<HttpRbacInit, "rules" | "shadowRules" | "shadowRulesStatPrefix"> {
  const [rules, shadowRules] = [enforced, audited].map((each) => each && rbacOf(each[action], action, subject, trust));
  return {
    ...(rules && { rules }),
    // The filters for both actions write what they would have done to the same place.
    ...(shadowRules && { shadowRules, shadowRulesStatPrefix: `${action}_` }),
  };
}
