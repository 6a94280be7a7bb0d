/**
 * Certificates that are in use and have expired. They are served all the same: clients refuse them with a clear error,
 * where no certificate at all would look like a broken network; and a clock that is wrong must not take a site down.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { Certificate } from "../../model/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { CertificateFact, ClockFact } from "../inputs.ts";
import { secretKeyOf } from "./derive-certificates.ts";

export function deriveExpiryFindings(
  graph: Graph,
  certificates: Collection<Certificate>,
  facts: Collection<CertificateFact>,
  clock: Collection<ClockFact>,
): Collection<Finding> {
  return graph.derive({
    name: "translate/ExpiredCertificateFindings",
    key: (finding: Finding) => finding.key,
    from: certificates,
    reads: [facts, clock],
    map: ({ key }, read) => {
      const object = secretKeyOf(key);
      const end = read.get(facts, object)?.notAfter;
      const isOver = read.pick(clock, "now", (now) => isBefore(end, now?.time));
      if (!isOver) return [];
      const message = `the certificate has expired (${end}); it is served, but clients refuse it`;
      return [
        findingOf({ object, severity: "warning", code: "certificate-expired", path: `data["tls.crt"]`, message }),
      ];
    },
  });
}

const isBefore = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);
