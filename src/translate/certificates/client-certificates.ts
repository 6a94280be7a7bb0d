/**
 * What Gateways prove themselves to backends with. A reference that does not resolve leaves the Gateway without a
 * certificate, and is told in its ResolvedRefs.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewaybackendtls
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { CertificateKey } from "../../model/index.ts";
import { gatewayGroup, type ObjectKey } from "../../resources/index.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Grants } from "../grants.ts";
import type { CertificateFact } from "../inputs.ts";
import type { FieldProblem } from "../listener.ts";
import { resolveCertificate } from "../listeners/listener-tls.ts";

export interface ClientCertificate {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly certificate?: CertificateKey;
  readonly problem?: FieldProblem;
}

/** One for each Gateway that states one. */
export function deriveClientCertificates(
  graph: Graph,
  gateways: Collection<ManagedGateway>,
  sources: { readonly grants: Grants; readonly certificateFacts: Collection<CertificateFact> },
): Collection<ClientCertificate> {
  const { grants, certificateFacts } = sources;
  return graph.derive<ManagedGateway, ClientCertificate>({
    name: "translate/ClientCertificates",
    key: (certificate) => certificate.key,
    from: gateways,
    reads: [grants.of, certificateFacts],
    map: ({ key, namespace, name, spec }, read) => {
      const reference = spec.tls?.backend?.clientCertificateRef;
      if (reference === undefined) return [];
      const gateway = `${namespace}/${name}`;
      const found = resolveCertificate(reference, { group: gatewayGroup, kind: "Gateway", namespace }, sources, read);
      if ("key" in found) return [{ key, gateway, certificate: found.key }];
      const reason = found.reason === "RefNotPermitted" ? found.reason : "InvalidClientCertificateRef";
      const path = "spec.tls.backend.clientCertificateRef";
      return [{ key, gateway, problem: { reason, message: found.message, path } }];
    },
  });
}
