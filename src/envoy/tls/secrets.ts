/** Certificates with their keys, and trust bundles, as Envoy's secrets: they change without what refers to them changing. */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { DataSourceSchema } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { DataSource } from "../../generated/envoy/config/core/v3/base_pb.ts";
import { SecretSchema } from "../../generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import type { Certificate, TrustBundle } from "../../model/index.ts";
import { recordOf } from "../record.ts";
import type { EnvoyRecord, ResourceId } from "../record.ts";
import { certificateSecret, trustSecret } from "./secret-reference.ts";

export function certificateRecord({ key, certificateChain, privateKey }: Certificate): EnvoyRecord {
  return secretRecord(certificateSecret(key), key, {
    case: "tlsCertificate",
    value: { certificateChain: inline(certificateChain), privateKey: inline(privateKey) },
  });
}

export function trustBundleRecord({ key, certificates }: TrustBundle): EnvoyRecord {
  return secretRecord(trustSecret(key), key, {
    case: "validationContext",
    value: { trustedCa: inline(certificates) },
  });
}

type SecretType = NonNullable<MessageInitShape<typeof SecretSchema>["type"]>;

function secretRecord(id: ResourceId, origin: string, type: SecretType): EnvoyRecord {
  return recordOf({ ...id, needs: [], origins: [origin] }, SecretSchema, create(SecretSchema, { name: id.name, type }));
}

const inline = (value: string): DataSource => create(DataSourceSchema, { specifier: { case: "inlineString", value } });
