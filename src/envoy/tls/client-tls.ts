/**
 * TLS towards a backend (BackendTLSPolicy): the server is authenticated by its chain and by its name, always; there is no
 * way to switch that off, so a backend that cannot prove itself answers nothing.
 * @see https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { DataSourceSchema, TransportSocketSchema } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { TransportSocket } from "../../generated/envoy/config/core/v3/base_pb.ts";
import {
  CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
  SubjectAltNameMatcherSchema,
  TlsParameters_TlsProtocol,
  TlsParametersSchema,
} from "../../generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import type { SubjectAltNameMatcher } from "../../generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import {
  CommonTlsContext_CombinedCertificateValidationContextSchema,
  CommonTlsContextSchema,
  UpstreamTlsContextSchema,
} from "../../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import type { CommonTlsContext } from "../../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { RegexMatcherSchema } from "../../generated/envoy/type/matcher/v3/regex_pb.ts";
import { StringMatcherSchema } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { StringMatcher } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { BackendTls } from "../../model/index.ts";
import type { ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { certificateSecret, referenceTo, trustSecret } from "./secret-reference.ts";

export function clientTls(tls: BackendTls, alpn: readonly string[], settings: EnvoySettings): TransportSocket {
  const { clientCertificate } = tls;
  const context = create(UpstreamTlsContextSchema, {
    sni: tls.hostname,
    commonTlsContext: create(CommonTlsContextSchema, {
      // Left alone, Envoy's clients speak 1.2 at most.
      tlsParams: create(TlsParametersSchema, { tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3 }),
      tlsCertificateSdsSecretConfigs: clientCertificate ? [referenceTo(certificateSecret(clientCertificate))] : [],
      validationContextType: validationOf(tls, settings),
      alpnProtocols: [...alpn],
    }),
  });
  return create(TransportSocketSchema, {
    name: "envoy.transport_sockets.tls",
    configType: { case: "typedConfig", value: anyPack(UpstreamTlsContextSchema, context) },
  });
}

/** The secrets that a cluster with this TLS refers to. */
export function secretsOfClient({ trust, clientCertificate }: BackendTls): readonly ResourceId[] {
  const authorities = trust.kind === "bundle" ? [trustSecret(trust.bundle)] : [];
  return [...authorities, ...(clientCertificate ? [certificateSecret(clientCertificate)] : [])];
}

function validationOf(tls: BackendTls, settings: EnvoySettings): CommonTlsContext["validationContextType"] {
  const names = { matchTypedSubjectAltNames: subjectAltNamesOf(tls) };
  if (tls.trust.kind === "system") {
    // Envoy 1.40 refuses system_root_certs, so the system's store is a file, which it watches.
    const trustedCa = create(DataSourceSchema, { specifier: { case: "filename", value: settings.systemTrustStore } });
    return { case: "validationContext", value: create(CertificateValidationContextSchema, { ...names, trustedCa }) };
  }
  return {
    case: "combinedValidationContext",
    value: create(CommonTlsContext_CombinedCertificateValidationContextSchema, {
      defaultValidationContext: create(CertificateValidationContextSchema, names),
      validationContextSdsSecretConfig: referenceTo(trustSecret(tls.trust.bundle)),
    }),
  };
}

/** Any one of them must match. With subjectAltNames given, the hostname is for SNI only. */
function subjectAltNamesOf({ hostname, subjectAltNames }: BackendTls): SubjectAltNameMatcher[] {
  if (subjectAltNames.length === 0) return [dnsName(hostname)];
  return subjectAltNames.map(({ type, value }) => (type === "Hostname" ? dnsName(value) : uri(value)));
}

const uri = (value: string): SubjectAltNameMatcher =>
  create(SubjectAltNameMatcherSchema, {
    sanType: SubjectAltNameMatcher_SanType.URI,
    matcher: create(StringMatcherSchema, { matchPattern: { case: "exact", value } }),
  });

const dnsName = (hostname: string): SubjectAltNameMatcher =>
  create(SubjectAltNameMatcherSchema, {
    sanType: SubjectAltNameMatcher_SanType.DNS,
    matcher: hostname.startsWith("*.") ? wildcard(hostname) : exact(hostname),
  });

/** For DNS names, Envoy lets a certificate's own wildcard match an exact name too, as RFC 6125 says. */
const exact = (value: string): StringMatcher => create(StringMatcherSchema, { matchPattern: { case: "exact", value } });

/** `*.example.com` accepts a certificate for itself, or for any one name directly below example.com. */
function wildcard(hostname: string): StringMatcher {
  const regex = String.raw`(\*|[^.*]+)${hostname.slice(1).replaceAll(".", String.raw`\.`)}`;
  return create(StringMatcherSchema, {
    matchPattern: { case: "safeRegex", value: create(RegexMatcherSchema, { regex }) },
  });
}
