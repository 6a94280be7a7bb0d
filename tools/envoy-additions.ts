/**
 * What Envoy 1.40 has and the wheel of descriptors does not have yet: the scope of the access logger that counts. As Envoy's own program
 * carries it; when the wheel has it, this says so and can go.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/v3/scope.proto
 */
import { create } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

const SCOPE_FILE = "envoy/type/v3/scope.proto";
const STATS_FILE = "envoy/extensions/access_loggers/stats/v3/stats.proto";
const WRAPPERS_FILE = "google/protobuf/wrappers.proto";
const NUMBER = ".google.protobuf.UInt32Value";

const scopeFile: FileDescriptorProto = create(FileDescriptorProtoSchema, {
  name: SCOPE_FILE,
  package: "envoy.type.v3",
  syntax: "proto3",
  dependency: [WRAPPERS_FILE],
  messageType: [
    {
      name: "Scope",
      field: [
        message("max_counters", 1, NUMBER),
        message("max_gauges", 2, NUMBER),
        message("max_histograms", 3, NUMBER),
        field("enable_eviction", 4, Type.BOOL),
        field("prefix", 5, Type.STRING),
        field("sharing_name", 6, Type.STRING),
      ],
    },
  ],
});

/** Adds to the files of the wheel; throws where the wheel has what is to be added. */
export function addWhatIsMissing(files: Map<string, FileDescriptorProto>): void {
  const stats = files.get(STATS_FILE);
  const [config] = stats?.messageType ?? [];
  if (stats === undefined || config?.name !== "Config") throw new Error(`${STATS_FILE} is not what it was`);
  if (files.has(SCOPE_FILE) || config.field.some(({ number }) => number === 6))
    throw new Error(`the wheel has ${SCOPE_FILE}: remove tools/envoy-additions.ts`);
  files.set(SCOPE_FILE, scopeFile);
  stats.dependency.push(SCOPE_FILE);
  config.field.push(message("stats_scope", 6, ".envoy.type.v3.Scope"));
}

function message(name: string, number: number, typeName: string): FieldDescriptorProto {
  return create(FieldDescriptorProtoSchema, { ...field(name, number, Type.MESSAGE), typeName });
}

function field(name: string, number: number, type: Type): FieldDescriptorProto {
  const jsonName = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return create(FieldDescriptorProtoSchema, { name, number, type, label: Label.OPTIONAL, jsonName });
}
