/** The Envoys that are connected to a replica, for people: who they are, how far behind, and until when their identity holds. */
import { X509Certificate } from "node:crypto";
import type { Collection } from "../collections/index.ts";
import { accountOf, isSidecar, type ProxyKey, type WorkloadCertificate } from "../model/index.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

export interface ShownProxy {
  /** Whose it is: of a Gateway "namespace/name", of a ServiceAccount's workloads "mesh/namespace/name". */
  readonly proxy: string;
  readonly role: "gateway" | "sidecar";
  /** What Envoy calls itself: its pod. */
  readonly node: string;
  /** Resources whose newest version it has not acknowledged yet; in sync where there are none. */
  readonly behind: number;
  /** RFC 3339; absent where it has none. */
  readonly identityUntil?: string;
}

export function describeProxies(
  fleet: Pick<ProxyFleet, "proxies" | "connectionsOf">,
  certificates: Pick<Collection<WorkloadCertificate>, "get">,
): readonly ShownProxy[] {
  return [...fleet.proxies()].flatMap((proxy) => {
    const until = identityEnd(certificates.get(proxy));
    return fleet.connectionsOf(proxy).map((connection): ShownProxy => {
      const { underWay, waiting, pending } = connection.progress();
      return {
        proxy: accountOf(proxy),
        role: roleOf(proxy),
        node: connection.identity.node?.id ?? "",
        behind: underWay + waiting + pending,
        ...(until !== undefined && { identityUntil: until }),
      };
    });
  });
}

export const roleOf = (proxy: ProxyKey): ShownProxy["role"] => (isSidecar(proxy) ? "sidecar" : "gateway");

/** Of the certificate that this replica gave last. */
const identityEnd = (certificate: WorkloadCertificate | undefined): string | undefined =>
  certificate && new X509Certificate(certificate.certificateChain).validToDate.toISOString();
