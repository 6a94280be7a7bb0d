/**
 * TLS that a listener terminates: certificates and authorities by secret, so that their renewal touches no listener.
 * Envoy chooses among several certificates by server name and key type.
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { TransportSocketSchema } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { TransportSocket } from "../../generated/envoy/config/core/v3/base_pb.ts";
import {
  CertificateValidationContext_TrustChainVerification,
  CertificateValidationContextSchema,
  TlsParameters_TlsProtocol,
  TlsParametersSchema,
} from "../../generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import type { TlsParameters } from "../../generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import {
  CommonTlsContext_CombinedCertificateValidationContextSchema,
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
} from "../../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import type { CommonTlsContext } from "../../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import type { ClientValidation, ServerTls } from "../../model/index.ts";
import type { ResourceId } from "../record.ts";
import { certificateSecret, referenceTo, trustSecret } from "./secret-reference.ts";

const versions = { "1.2": TlsParameters_TlsProtocol.TLSv1_2, "1.3": TlsParameters_TlsProtocol.TLSv1_3 };

/** `alpn` are the protocols offered to clients; none for TLS that carries plain TCP, which leaves the choice to them. */
export function serverTls(tls: ServerTls, alpn: readonly string[]): TransportSocket {
  const context = create(DownstreamTlsContextSchema, {
    commonTlsContext: create(CommonTlsContextSchema, {
      tlsParams: parametersOf(tls),
      tlsCertificateSdsSecretConfigs: tls.certificates.map((key) => referenceTo(certificateSecret(key))),
      validationContextType: tls.clientValidation ? validationOf(tls.clientValidation) : { case: undefined },
      alpnProtocols: [...alpn],
    }),
    ...(tls.clientValidation?.mode === "AllowValidOnly" && { requireClientCertificate: true }),
  });
  return create(TransportSocketSchema, {
    name: "envoy.transport_sockets.tls",
    configType: { case: "typedConfig", value: anyPack(DownstreamTlsContextSchema, context) },
  });
}

/** The secrets that a listener with this TLS refers to. */
export function secretsOfServer({ certificates, clientValidation }: ServerTls): readonly ResourceId[] {
  const trust = clientValidation ? [trustSecret(clientValidation.trust)] : [];
  return [...certificates.map(certificateSecret), ...trust];
}

/** TLS 1.2 and 1.3 unless the listener says otherwise, which is Envoy's own default for servers. */
function parametersOf({ minVersion, maxVersion }: ServerTls): TlsParameters {
  return create(TlsParametersSchema, {
    ...(minVersion && { tlsMinimumProtocolVersion: versions[minVersion] }),
    ...(maxVersion && { tlsMaximumProtocolVersion: versions[maxVersion] }),
  });
}

/**
 * AllowInsecureFallback still asks for a certificate, so that backends may be told of a good one, and accepts any, as its
 * name says. AllowValidOnly fails closed: no certificate or a bad one ends the handshake.
 * @see https://gateway-api.sigs.k8s.io/geps/gep-91/
 */
function validationOf({ trust, mode }: ClientValidation): CommonTlsContext["validationContextType"] {
  const secret = referenceTo(trustSecret(trust));
  if (mode === "AllowValidOnly") return { case: "validationContextSdsSecretConfig", value: secret };
  const defaultValidationContext = create(CertificateValidationContextSchema, {
    trustChainVerification: CertificateValidationContext_TrustChainVerification.ACCEPT_UNTRUSTED,
  });
  return {
    case: "combinedValidationContext",
    value: create(CommonTlsContext_CombinedCertificateValidationContextSchema, {
      defaultValidationContext,
      validationContextSdsSecretConfig: secret,
    }),
  };
}
