/** XBackend (experimental): a backend that is no Service, first of all a hostname outside. https://gateway-api.sigs.k8s.io/geps/gep-4894/ */
import type { BackendTLSPolicyValidation } from "./backend-tls-policy.ts";
import type { Hostname, NamespacedObject } from "./meta.ts";
import type { SecretObjectReference } from "./references.ts";
import type { SessionPersistence } from "./route.ts";
import type { XBackendStatus } from "./status.ts";

export interface XBackend extends NamespacedObject {
  readonly kind: "XBackend";
  readonly spec: XBackendSpec;
  readonly status?: XBackendStatus;
}

export type XBackendSpec =
  | (XBackendCommonSpec & {
      readonly type: "ExternalHostname";
      readonly externalHostname: { readonly hostname: Hostname };
    })
  | (XBackendCommonSpec & {
      readonly type: "EndpointSelector";
      readonly endpointSelector: { readonly matchLabels: Readonly<Record<string, string>> };
      readonly sessionPersistence?: SessionPersistence;
    });

export interface XBackendCommonSpec {
  readonly port: { readonly number: number };
  readonly protocol?: "TCP" | "HTTP" | "HTTP2" | "HTTP11" | "H2C" | "MCP" | "GRPC" | "WSS";
  readonly tls: XBackendTLS;
}

export type XBackendTLS =
  | { readonly mode: "None" }
  | { readonly mode: "ServerOnly"; readonly validation: BackendTLSPolicyValidation }
  | {
      readonly mode: "ClientAndServer";
      readonly validation: BackendTLSPolicyValidation;
      readonly clientCertificateRef: SecretObjectReference;
    };
