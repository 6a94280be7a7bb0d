/** What TLS of listeners is worked out from. */
import type { Collection } from "../../collections/index.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Grants } from "../grants.ts";
import type { CertificateFact, TrustFact } from "../inputs.ts";

export interface TlsSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly grants: Grants;
  readonly certificateFacts: Collection<CertificateFact>;
  readonly trustFacts: Collection<TrustFact>;
}
