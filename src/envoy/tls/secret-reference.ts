/**
 * The names of secrets, and references to them. Certificates and trust bundles share Envoy's one namespace of secrets, so
 * each kind has its own prefix.
 */
import { create } from "@bufbuild/protobuf";
import { SdsSecretConfigSchema } from "../../generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import type { SdsSecretConfig } from "../../generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import type { CertificateKey, TrustBundleKey } from "../../model/index.ts";
import { overTheStream } from "../discovery.ts";
import type { ResourceId } from "../record.ts";

export const certificateSecret = (key: CertificateKey): ResourceId => ({ kind: "secret", name: `certificate/${key}` });
export const trustSecret = (key: TrustBundleKey): ResourceId => ({ kind: "secret", name: `trust/${key}` });

/** One name in all proxies of the mesh; each has its own. */
export const WORKLOAD_SECRET: ResourceId = { kind: "secret", name: "mesh/identity" };
export const MESH_TRUST_SECRET: ResourceId = { kind: "secret", name: "mesh/trust" };

export const referenceTo = ({ name }: ResourceId): SdsSecretConfig =>
  create(SdsSecretConfigSchema, { name, sdsConfig: overTheStream });
