/** Records in readable form: the JSON of their messages, with everything that is packed inside unpacked. */
import { globSync } from "node:fs";
import { join } from "node:path";
import { createRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import type { DescFile, DescMessage, JsonObject, Registry } from "@bufbuild/protobuf";
import type { EnvoyRecord, ResourceKind } from "../../src/envoy/index.ts";
import { ClusterSchema } from "../../src/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../src/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { TypedExtensionConfigSchema } from "../../src/generated/envoy/config/core/v3/extension_pb.ts";
import { ListenerSchema } from "../../src/generated/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "../../src/generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "../../src/generated/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "../../src/generated/envoy/config/route/v3/scoped_route_pb.ts";
import { SecretSchema } from "../../src/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";

const schemas: Readonly<Record<ResourceKind, DescMessage>> = {
  listener: ListenerSchema,
  routeScope: ScopedRouteConfigurationSchema,
  routeTable: RouteConfigurationSchema,
  virtualHost: VirtualHostSchema,
  cluster: ClusterSchema,
  endpoints: ClusterLoadAssignmentSchema,
  secret: SecretSchema,
  extension: TypedExtensionConfigSchema,
};

const generated = join(import.meta.dirname, "../../src/generated");

async function allMessages(): Promise<Registry> {
  const paths = globSync("**/*_pb.ts", { cwd: generated });
  const modules = await Promise.all(
    paths.map(async (path) => (await import(join(generated, path))) as Readonly<Record<string, unknown>>),
  );
  const files = modules.flatMap((module) => Object.entries(module).filter(([name]) => name.startsWith("file_")));
  return createRegistry(...files.map(([, file]) => file as DescFile));
}

const registry: Registry = await allMessages();

export function jsonOf({ kind, bytes }: EnvoyRecord): JsonObject {
  return toJson(schemas[kind], fromBinary(schemas[kind], bytes), { registry }) as JsonObject;
}
