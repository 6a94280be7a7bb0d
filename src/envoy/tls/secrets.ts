/** Certificates with their keys, and trust bundles, as Envoy's secrets: they change without what refers to them changing. */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { DataSourceSchema } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { DataSource } from "../../generated/envoy/config/core/v3/base_pb.ts";
import { SecretSchema } from "../../generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import type { Certificate, MeshTrust, TrustBundle, WorkloadCertificate } from "../../model/index.ts";
import { recordOf } from "../record.ts";
import type { EnvoyRecord, ResourceId } from "../record.ts";
import { certificateSecret, MESH_TRUST_SECRET, trustSecret, WORKLOAD_SECRET } from "./secret-reference.ts";

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

/** What a proxy of the mesh, and it alone, proves its workload with. */
export function workloadCertificateRecord(workload: WorkloadCertificate): EnvoyRecord {
  const { key, certificateChain, privateKey } = workload;
  const record = secretRecord(WORKLOAD_SECRET, key, {
    case: "tlsCertificate",
    value: { certificateChain: inline(certificateChain), privateKey: inline(privateKey) },
  });
  return { ...record, audience: key };
}

/** Whom all proxies of the mesh trust. */
export const meshTrustRecord = ({ certificates }: MeshTrust): EnvoyRecord =>
  secretRecord(MESH_TRUST_SECRET, MESH_TRUST_SECRET.name, {
    case: "validationContext",
    value: { trustedCa: inline(certificates) },
  });

type SecretType = NonNullable<MessageInitShape<typeof SecretSchema>["type"]>;

function secretRecord(id: ResourceId, origin: string, type: SecretType): EnvoyRecord {
  return recordOf({ ...id, needs: [], origins: [origin] }, SecretSchema, create(SecretSchema, { name: id.name, type }));
}

const inline = (value: string): DataSource => create(DataSourceSchema, { specifier: { case: "inlineString", value } });
