/** The certificates and trust bundles that something uses: each once, however many do. */
import type { Collection, Graph } from "../../collections/index.ts";
import type { Certificate, CertificateKey, TrustBundle } from "../../model/index.ts";
import { objectKey, type ObjectKey, type Secret, secretText } from "../../resources/index.ts";
import type { Listener } from "../listener.ts";
import type { ListenerTls } from "../listeners/listener-tls.ts";
import type { ClientCertificate } from "./client-certificates.ts";

interface WantedCertificate {
  readonly key: string;
  readonly certificate: CertificateKey;
}

interface WantedBundle {
  readonly key: string;
  readonly bundle: TrustBundle;
}

export interface CertificateSources {
  readonly listeners: Collection<Listener>;
  readonly clientCertificates: Collection<ClientCertificate>;
  readonly ofBackends: Collection<WantedCertificate>;
  readonly secrets: Collection<Secret>;
}

export function deriveCertificates(graph: Graph, sources: CertificateSources): Collection<Certificate> {
  const { listeners, clientCertificates, ofBackends, secrets } = sources;
  const shape = { key: ({ key }: WantedCertificate) => key };
  const ofListeners = graph.derive({
    ...shape,
    name: "translate/CertificatesOfListeners",
    from: listeners,
    map: ({ key, serving, termination }) =>
      (serving ? (termination?.certificates ?? []) : []).map((certificate) => ({
        key: `${key}>${certificate}`,
        certificate,
      })),
  });
  const ofGateways = graph.derive({
    ...shape,
    name: "translate/CertificatesOfGateways",
    from: clientCertificates,
    map: ({ key, certificate }) => (certificate === undefined ? [] : [{ key: `${key}>${certificate}`, certificate }]),
  });
  const wanted = graph.groups<WantedCertificate>({
    name: "translate/WantedCertificates",
    of: graph.union<WantedCertificate>({
      name: "translate/CertificateWants",
      of: [ofListeners, ofGateways, ofBackends],
    }),
    by: ({ certificate }) => [certificate],
  });
  return graph.derive({
    name: "translate/Certificates",
    key: (certificate: Certificate) => certificate.key,
    from: wanted,
    reads: [secrets],
    map: ({ key }, read) => {
      const found = read.pick(secrets, secretKeyOf(key), certificateTextsOf);
      return found === undefined ? [] : [{ key: key as CertificateKey, ...found }];
    },
  });
}

/** A certificate's key is its Secret's `namespace/name`. */
export function secretKeyOf(certificate: string): ObjectKey {
  const [namespace = "", name = ""] = certificate.split("/");
  return objectKey({ group: "", kind: "Secret", namespace, name });
}

function certificateTextsOf(secret: Secret | undefined): Omit<Certificate, "key"> | undefined {
  const certificateChain = secret && secretText(secret, "tls.crt");
  const privateKey = secret && secretText(secret, "tls.key");
  return certificateChain === undefined || privateKey === undefined ? undefined : { certificateChain, privateKey };
}

export function deriveTrustBundles(
  graph: Graph,
  tls: Collection<ListenerTls>,
  ofRoutes: Collection<WantedBundle>,
): Collection<TrustBundle> {
  const ofListeners = graph.derive({
    name: "translate/BundlesOfListeners",
    key: ({ key }: WantedBundle) => key,
    from: tls,
    map: ({ key, bundle }) => (bundle === undefined ? [] : [{ key: `${key}>${bundle.key}`, bundle }]),
  });
  const wanted = graph.groups<WantedBundle>({
    name: "translate/WantedBundles",
    of: graph.union<WantedBundle>({ name: "translate/BundleWants", of: [ofListeners, ofRoutes] }),
    by: ({ bundle }) => [bundle.key],
  });
  return graph.derive({
    name: "translate/TrustBundles",
    key: (bundle: TrustBundle) => bundle.key,
    from: wanted,
    map: ({ members }) => members.slice(0, 1).map(({ bundle }) => bundle),
  });
}
