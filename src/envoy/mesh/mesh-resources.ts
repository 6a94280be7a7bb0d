/**
 * The derivations from the mesh's part of the model to Envoy resources. Some read more than their object: destinations the backend that
 * they lead to and the identities of its endpoints, listeners what is to be told of requests, which few policies say.
 */
import type { Collection, Graph, Group, Index } from "../../collections/index.ts";
import type {
  Access,
  Destination,
  Frontend,
  MeshTelemetry,
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
import { frontendRecords, listenerNameOf } from "./frontend.ts";
import { outboundRecords } from "./outbound.ts";
import { protectedRecords, sidecarRecords } from "./sidecar.ts";
import { tracedCallersOf, tracingFor } from "./traced-callers.ts";
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
  /** What proxies of workloads tell. */
  readonly telemetry: Collection<MeshTelemetry>;
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
  const { streamBackends, telemetry } = inputs;
  const reads = [telemetry];
  const told = graph.index(telemetry, "all", () => ["all"]);
  const outbounds = deriveRecords(graph, "Outbounds", inputs.outbounds, (outbound) =>
    settings.redirection ? outboundRecords(outbound, settings) : [],
  );
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
    outbounds,
    ...(settings.redirection ? [deriveFrontends(graph, inputs, told, settings)] : []),
    graph.derive<WorkloadSocket, EnvoyRecord>({
      ...shape("WorkloadSockets"),
      from: inputs.workloadSockets,
      reads,
      map: (socket, read) => [workloadSocketRecord(socket, tracingFor(socket.proxy, read.by(told, "all")), settings)],
    }),
    deriveRecords(graph, "WorkloadCertificates", inputs.workloadCertificates, workloadCertificateRecord),
    deriveRecords(graph, "MeshTrust", inputs.meshTrust, meshTrustRecord),
    destinations,
    // Without anybody to trust, they could let nobody in.
    graph.derive<MeshTrust, EnvoyRecord>({
      ...shape("Sidecars"),
      from: inputs.meshTrust,
      reads,
      map: (_, read) => sidecarRecords(read.by(told, "all"), settings),
    }),
    deriveRecords(graph, "Access", inputs.access, (access) => protectedRecords(access, settings)),
  ];
}

/** Those of one port are looked at together: one that is for fewer callers stands in the place of another for them. */
function deriveFrontends(
  graph: Graph,
  { frontends, telemetry }: Pick<MeshInputs, "frontends" | "telemetry">,
  told: Index<MeshTelemetry>,
  settings: EnvoySettings,
): Collection<EnvoyRecord> {
  const byPort = graph.groups<Frontend>({
    name: "envoy/FrontendsOfPorts",
    of: frontends,
    by: ({ service }) => [listenerNameOf(service)],
  });
  return graph.derive<Group<Frontend>, EnvoyRecord>({
    ...shape("Frontends"),
    from: byPort,
    reads: [telemetry],
    map: ({ members }, read) => {
      const audiences = members.map(({ callers }) => callers);
      return members.flatMap((frontend) =>
        tracedCallersOf(frontend, read.by(told, "all"), audiences).flatMap((callers) =>
          frontendRecords(frontend, callers, settings),
        ),
      );
    },
  });
}
