/**
 * Mutual TLS between proxies of the mesh. Each proves its workload's identity; the caller accepts nobody but the identities that
 * the endpoints of the Service have. Which endpoints take it is said endpoint by endpoint, so that a Service can be half in the mesh.
 *
 * Its own application protocol (ALPN) tells it from TLS of the workloads themselves, which is passed through as it is.
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Cluster_TransportSocketMatchSchema } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { Cluster_TransportSocketMatch } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { TransportSocketSchema } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { TransportSocket } from "../../generated/envoy/config/core/v3/base_pb.ts";
import {
  CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
  SubjectAltNameMatcherSchema,
  TlsParameters_TlsProtocol,
  TlsParametersSchema,
} from "../../generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import {
  CommonTlsContext_CombinedCertificateValidationContextSchema,
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "../../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import type { CommonTlsContext } from "../../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { StringMatcherSchema } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { ResourceId } from "../record.ts";
import { MESH_TRUST_SECRET, referenceTo, WORKLOAD_SECRET } from "../tls/secret-reference.ts";

/** What a proxy needs to speak it. */
export const MESH_SECRETS: readonly ResourceId[] = [WORKLOAD_SECRET, MESH_TRUST_SECRET];

/** What is inside of a connection between proxies. */
export type MeshContent = "http/1.1" | "h2" | "bytes";

/** The ALPN protocol of such connections. A proxy that does not know what is inside takes it for bytes. */
export const meshProtocol = (content: MeshContent): string => (content === "bytes" ? BYTES : `${BYTES}-${content}`);

const BYTES = "trilith";

/** All that a proxy of the mesh may offer. */
export const MESH_PROTOCOLS: readonly string[] = (["http/1.1", "h2", "bytes"] as const).map(meshProtocol);

/** Metadata of an endpoint, by which it points to the transport socket for its identity. */
export const mutualTlsMatch = (identity: string): Readonly<Record<string, string>> => ({ mesh: identity });

/** One for each identity that endpoints have; those without one match none, and are spoken to in plain text. */
export function mutualTlsMatches(identities: readonly string[], content: MeshContent): Cluster_TransportSocketMatch[] {
  return [...new Set(identities)].sort().map((identity) =>
    create(Cluster_TransportSocketMatchSchema, {
      name: identity,
      match: mutualTlsMatch(identity),
      transportSocket: mutualTlsTo(identity, content),
    }),
  );
}

/** Proves its own workload's identity, and accepts nobody but this one. */
export function mutualTlsTo(identity: string, content: MeshContent): TransportSocket {
  const expected = create(CertificateValidationContextSchema, {
    matchTypedSubjectAltNames: [
      create(SubjectAltNameMatcherSchema, {
        sanType: SubjectAltNameMatcher_SanType.URI,
        matcher: create(StringMatcherSchema, { matchPattern: { case: "exact", value: identity } }),
      }),
    ],
  });
  const context = create(UpstreamTlsContextSchema, {
    commonTlsContext: meshTls([...new Set([meshProtocol(content), BYTES])], {
      case: "combinedValidationContext",
      value: create(CommonTlsContext_CombinedCertificateValidationContextSchema, {
        defaultValidationContext: expected,
        validationContextSdsSecretConfig: referenceTo(MESH_TRUST_SECRET),
      }),
    }),
  });
  return create(TransportSocketSchema, {
    name: "envoy.transport_sockets.tls",
    configType: { case: "typedConfig", value: anyPack(UpstreamTlsContextSchema, context) },
  });
}

/**
 * Lets in whoever has an identity of the mesh, and nobody without. Where the content is not stated, no protocol is agreed on either: what is
 * inside then has to be found out.
 */
export function mutualTlsServer(content?: MeshContent): TransportSocket {
  const context = create(DownstreamTlsContextSchema, {
    commonTlsContext: meshTls(content === undefined ? [] : [meshProtocol(content)], {
      case: "validationContextSdsSecretConfig",
      value: referenceTo(MESH_TRUST_SECRET),
    }),
    requireClientCertificate: true,
  });
  return create(TransportSocketSchema, {
    name: "envoy.transport_sockets.tls",
    configType: { case: "typedConfig", value: anyPack(DownstreamTlsContextSchema, context) },
  });
}

/** Both ends are ours, so that nothing older than TLS 1.3 need be spoken. */
const meshTls = (
  alpnProtocols: string[],
  validationContextType: CommonTlsContext["validationContextType"],
): CommonTlsContext =>
  create(CommonTlsContextSchema, {
    tlsParams: create(TlsParametersSchema, {
      tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
      tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
    }),
    tlsCertificateSdsSecretConfigs: [referenceTo(WORKLOAD_SECRET)],
    validationContextType,
    alpnProtocols,
  });
