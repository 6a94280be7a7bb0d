/**
 * Destinations: what an address that some workload connected to is, and so where its connections go. Each is looked at again when
 * the Service or the pod that has the address, or a route for that Service, comes, goes or changes.
 *
 * Most are the same for all callers. Namespaces with routes of their own for the Service, or with labels of their own
 * (calling-namespaces.ts), have one of theirs where it differs.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import {
  ALL_SIDECARS,
  type AskedDestination,
  type Destination,
  destinationKey,
  type DestinationTarget,
  type Frontend,
  type ProxyKey,
  sidecarsOf,
  spiffeId,
  type UnknownDestinations,
} from "../../model/index.ts";
import type { Service } from "../../resources/index.ts";
import type { Inputs, MeshMember } from "../inputs.ts";
import type { TranslateSettings } from "../settings.ts";
import { addressesOf, tcpPortsOf } from "./bind-to-service.ts";
import { type CallingNamespace, isKnownAhead } from "./calling-namespaces.ts";
import { straightKey } from "./derive-frontends.ts";

export interface DestinationSources extends Pick<Inputs, "services" | "meshMembers"> {
  readonly wanted: Collection<AskedDestination>;
  readonly frontends: Collection<Frontend>;
  readonly callers: Collection<CallingNamespace>;
  readonly mesh: NonNullable<TranslateSettings["mesh"]>;
}

export function deriveDestinations(graph: Graph, sources: DestinationSources): Collection<Destination> {
  const { wanted, services, meshMembers, frontends, callers, mesh } = sources;
  const servicesByPlace = graph.index(services, "by address and port", ({ spec }) =>
    tcpPortsOf(spec).flatMap(({ port }) => addressesOf(spec).map((address) => destinationKey(address, port))),
  );
  const frontendsByPlace = graph.index(frontends, "by address and port", ({ addresses, port }) =>
    addresses.map((address) => destinationKey(address, port)),
  );
  const membersByAddress = graph.index(meshMembers, "by address of its own", ({ addresses }) => addresses);
  const allCallers = graph.index(callers, "all", () => ["all"]);
  return graph.derive<AskedDestination, Destination>({
    name: "translate/Destinations",
    key: ({ key }) => key,
    from: wanted,
    reads: [services, frontends, meshMembers, callers],
    map: ({ key: at, address, port }, read) => {
      const [service] = read.by(servicesByPlace, at);
      const [member] = service === undefined ? read.by(membersByAddress, address) : [];
      const views = viewsOf({
        service,
        known: service === undefined ? member && workload(member, port, mesh.trustDomain) : straightOn(service, port),
        routed: new Map(read.by(frontendsByPlace, at).map((frontend) => [frontend.callers, toFrontend(frontend)])),
        unknown: mesh.unknownDestinations,
        namespaces: read.by(allCallers, "all"),
      });
      return [...views].map(([audience, view]) => ({ key: `${at}@${audience}`, at, callers: audience, ...view }));
    },
  });
}

interface Place {
  readonly service: Service | undefined;
  /** Where it leads, whatever routes there are. */
  readonly known: DestinationTarget | undefined;
  /** Where routes have it lead, by audience. */
  readonly routed: ReadonlyMap<ProxyKey, DestinationTarget>;
  /** What the mesh says about addresses that are nobody's. */
  readonly unknown: UnknownDestinations;
  readonly namespaces: readonly CallingNamespace[];
}

type View = Pick<Destination, "leads" | "ahead">;

function viewsOf({ service, known, routed, unknown, namespaces }: Place): ReadonlyMap<ProxyKey, View> {
  const general = routed.get(ALL_SIDECARS) ?? known;
  const views = new Map<ProxyKey, View>([[ALL_SIDECARS, { leads: general ?? nobodys(unknown) }]]);
  for (const [audience, leads] of routed) views.set(audience, { leads });
  for (const namespace of namespaces) {
    const audience = sidecarsOf(namespace.key);
    const isAhead = service !== undefined && isKnownAhead(service, namespace);
    const isOwn = general === undefined && namespace.unknown !== undefined;
    if (!isAhead && !isOwn) continue;
    const leads = routed.get(audience) ?? general ?? nobodys(namespace.unknown ?? unknown);
    views.set(audience, { leads, ...(isAhead && { ahead: true }) });
  }
  return views;
}

const nobodys = (unknown: UnknownDestinations): DestinationTarget => ({
  to: unknown === "pass" ? "elsewhere" : "nowhere",
});

const toFrontend = ({ service }: Frontend): DestinationTarget => ({ to: "frontend", service });

const straightOn = ({ metadata }: Service, port: number): DestinationTarget => ({
  to: "service",
  backend: straightKey(metadata, port),
});

/**
 * While an address goes from one pod to the next, both have it: mutual TLS with the wrong one fails, which is the safer error. A port that
 * the pod's proxy does not take is a pod's in the mesh all the same: it passes where unknown destinations are refused.
 */
function workload(member: MeshMember, port: number, trustDomain: string): DestinationTarget {
  const { key: pod, namespace, serviceAccount, plainPorts } = member;
  if (plainPorts?.includes(port)) return { to: "elsewhere" };
  return { to: "workload", identity: spiffeId(trustDomain, namespace, serviceAccount), pod };
}
