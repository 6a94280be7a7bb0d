/**
 * The derivations from the mesh's part of the model to Envoy resources. Destinations alone read more than their object: the backend that
 * they lead to, and the identities of its endpoints.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type {
  Access,
  Destination,
  Frontend,
  MeshTrust,
  Outbound,
  StreamBackend,
  StreamBackendKey,
  WorkloadCertificate,
  WorkloadSocket,
} from "../../model/index.ts";
import type { Identities } from "../clusters/endpoint-identities.ts";
import { deriveRecords, listOf, shape } from "../derive-records.ts";
import type { EnvoyRecord } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { meshTrustRecord, workloadCertificateRecord } from "../tls/secrets.ts";
import { destinationRecord } from "./destination.ts";
import { frontendRecords } from "./frontend.ts";
import { outboundRecords } from "./outbound.ts";
import { protectedRecords, sidecarRecords } from "./sidecar.ts";
import { workloadSocketRecord } from "./workload-socket.ts";

/** Each collection keyed by the `key` of its objects. */
export interface MeshInputs {
  readonly streamBackends: Collection<StreamBackend>;
  readonly frontends: Collection<Frontend>;
  readonly destinations: Collection<Destination>;
  readonly outbounds: Collection<Outbound>;
  /** Those that stand in the place of redirection. */
  readonly workloadSockets: Collection<WorkloadSocket>;
  readonly access: Collection<Access>;
  readonly workloadCertificates: Collection<WorkloadCertificate>;
  /** Empty where there is no mesh: then no proxy is made one of it. */
  readonly meshTrust: Collection<MeshTrust>;
}

export function deriveMeshResources(
  graph: Graph,
  inputs: MeshInputs,
  identities: Identities,
  settings: EnvoySettings,
): readonly Collection<EnvoyRecord>[] {
  const { streamBackends } = inputs;
  const redirected = <Input>(
    name: string,
    from: Collection<Input>,
    recordsOf: (input: Input) => readonly EnvoyRecord[],
  ) => deriveRecords(graph, name, from, (input) => (settings.redirection ? recordsOf(input) : []));
  const destinations = graph.derive<Destination, EnvoyRecord>({
    ...shape("Destinations"),
    from: inputs.destinations,
    reads: [streamBackends, identities.all],
    map: (destination, read) => {
      const backend = (key: StreamBackendKey) => read.get(streamBackends, key);
      return listOf(destinationRecord(destination, { backend, identitiesOf: identities.in(read) }, settings));
    },
  });
  return [
    redirected("Outbounds", inputs.outbounds, (outbound) => outboundRecords(outbound, settings)),
    redirected("Frontends", inputs.frontends, (frontend) => frontendRecords(frontend, settings)),
    deriveRecords(graph, "WorkloadSockets", inputs.workloadSockets, (socket) => workloadSocketRecord(socket, settings)),
    deriveRecords(graph, "WorkloadCertificates", inputs.workloadCertificates, workloadCertificateRecord),
    deriveRecords(graph, "MeshTrust", inputs.meshTrust, meshTrustRecord),
    destinations,
    // Without anybody to trust, they could let nobody in.
    deriveRecords(graph, "Sidecars", inputs.meshTrust, () => sidecarRecords(settings)),
    deriveRecords(graph, "Access", inputs.access, (access) => protectedRecords(access, settings)),
  ];
}
