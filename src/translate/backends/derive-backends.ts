/**
 * Backends and their endpoints, for what routes use and nothing else. A backend lives as long as something uses
 * it; its endpoints follow its Service, its EndpointSlices and the names that a driver resolves.
 */
import type { Collection, Graph, Group, Index, Reader } from "../../collections/index.ts";
import type {
  Backend,
  BackendOrigin,
  Endpoint,
  EndpointSet,
  EndpointSetKey,
  StreamBackend,
} from "../../model/index.ts";

import type { EndpointSlice, Pod, Service } from "../../resources/index.ts";
import { experimentalGroup, gatewayNameLabel, objectKey, serviceNameLabel } from "../../resources/index.ts";
import type { Inputs } from "../inputs.ts";
import { type Identities, indexIdentities } from "../mesh/endpoint-identities.ts";
import type { GatewayMember } from "../mesh/gateway-members.ts";
import type { BackendUser } from "./backend-user.ts";
import type { Finding } from "../finding.ts";
import { deriveEndpointFindings } from "./endpoint-findings.ts";
import { type EndpointOrigin, type EndpointPlan, NOTHING, type PlannedSet, planOfService } from "./endpoint-plan.ts";
import { indexPods, planOfSelector } from "./selected-pods.ts";
import { servicePortOf } from "./service-port.ts";

export interface BackendDerivations {
  readonly backends: Collection<Backend>;
  readonly streamBackends: Collection<StreamBackend>;
  readonly endpointSets: Collection<EndpointSet>;
  /** Names that a driver should resolve and keep resolved. */
  readonly wantedNames: Collection<{ readonly key: string }>;
  /** Backends that nobody can be reached by. */
  readonly findings: Collection<Finding>;
}

/** Who endpoints can be; undefined where there is no mesh. */
export type MeshOfBackends =
  | { readonly trustDomain: string; readonly gatewayMembers: Collection<GatewayMember> }
  | undefined;

/** That a route uses something. Apart from RouteRules, so that a change of a route's weights touches none of its backends. */
interface Use<T> {
  readonly key: string;
  readonly used: T;
}

export function deriveBackends(
  graph: Graph,
  inputs: Inputs,
  users: Collection<BackendUser>,
  mesh: MeshOfBackends,
): BackendDerivations {
  const identities = mesh && indexIdentities(graph, inputs.meshMembers, mesh.gatewayMembers, mesh.trustDomain);
  const backends = sharedValues(graph, "Backends", users, ({ backends: used }) => used);
  const streamBackends = graph.derive({
    name: "translate/StreamBackends",
    key: (backend: StreamBackend) => backend.key,
    from: users,
    map: (of) => of.streamBackends,
  });
  const origins = sharedValues(graph, "EndpointSetOrigins", users, endpointOriginsOf, ({ isRouted }) => isRouted);
  const plans = derivePlans(graph, inputs, origins);
  const byName = graph.groups<PlannedSet>({
    name: "translate/EndpointSetsOfNames",
    of: plans,
    by: ({ plan }) => plan.names.map(({ hostname }) => hostname),
  });
  return {
    backends,
    streamBackends,
    endpointSets: deriveEndpointSets(graph, inputs, plans, identities),
    findings: deriveEndpointFindings(graph, plans, inputs),
    wantedNames: graph.derive({
      name: "translate/WantedNames",
      key: (name: { readonly key: string }) => name.key,
      from: byName,
      map: ({ key }: Group<PlannedSet>) => [{ key }],
    }),
  };
}

/** The values that are used, each once however many use it; where they are not equal, one that is preferred. */
function sharedValues<T extends { readonly key: string }>(
  graph: Graph,
  name: string,
  users: Collection<BackendUser>,
  usedBy: (user: BackendUser) => readonly T[],
  isPreferred: (value: T) => boolean = () => true,
): Collection<T> {
  const uses = graph.derive({
    name: `translate/${name}/uses`,
    key: (use: Use<T>) => use.key,
    from: users,
    map: (of) => usedBy(of).map((used) => ({ key: `${of.key}>${used.key}`, used })),
  });
  const groups = graph.groups<Use<T>>({ name: `translate/${name}/used`, of: uses, by: ({ used }) => [used.key] });
  return graph.derive({
    name: `translate/${name}`,
    key: (value: T) => value.key,
    from: groups,
    map: ({ members }: Group<Use<T>>) => {
      const chosen = members.find(({ used }) => isPreferred(used)) ?? members[0];
      return chosen ? [chosen.used] : [];
    },
  });
}

function endpointOriginsOf({ backends, streamBackends, isStated }: BackendUser): EndpointOrigin[] {
  const origins = new Map<EndpointSetKey, EndpointOrigin>();
  const isRouted = isStated !== false;
  for (const { endpoints: key, origin } of backends) origins.set(key, { key, origin, transport: "TCP", isRouted });
  for (const { targets, protocol } of streamBackends) {
    const transport = protocol === "udp" ? "UDP" : "TCP";
    for (const { endpoints: key, origin } of targets)
      if (key && origin) origins.set(key, { key, origin, transport, isRouted });
  }
  return [...origins.values()];
}

function derivePlans(graph: Graph, inputs: Inputs, origins: Collection<EndpointOrigin>): Collection<PlannedSet> {
  const slices = graph.index<EndpointSlice>(inputs.endpointSlices, "by Service", ({ metadata }) => {
    const service = metadata.labels?.[serviceNameLabel];
    return service === undefined ? [] : [`${metadata.namespace}/${service}`];
  });
  const pods = indexPods(graph, inputs.pods);
  return graph.derive({
    name: "translate/EndpointPlans",
    key: (planned: PlannedSet) => planned.key,
    from: origins,
    reads: [inputs.services, inputs.endpointSlices, inputs.xBackends, inputs.pods],
    map: (stated, read) => {
      const { origin } = stated;
      const plan =
        origin.kind === "Service"
          ? servicePlan(stated, inputs, read, slices)
          : xBackendPlan(origin, inputs, pods, read);
      return [{ ...stated, plan }];
    },
  });
}

function servicePlan(
  { origin: { namespace, name, port }, transport }: EndpointOrigin,
  inputs: Inputs,
  read: Reader,
  slices: Parameters<Reader["by"]>[0],
): EndpointPlan {
  const key = objectKey({ group: "", kind: "Service", namespace, name });
  const service = read.pick(
    inputs.services,
    key,
    (found: Service | undefined) => found && { spec: found.spec, gateway: found.metadata.labels?.[gatewayNameLabel] },
  );
  const servicePort = service && servicePortOf(service.spec, port, transport);
  if (service === undefined || servicePort === undefined) return NOTHING;
  const plan = planOfService(service, servicePort, read.by(slices, `${namespace}/${name}`) as readonly EndpointSlice[]);
  return service.gateway === undefined ? plan : { ...plan, gateway: `${namespace}/${service.gateway}` };
}

function xBackendPlan(
  { namespace, name, port }: BackendOrigin,
  inputs: Inputs,
  pods: Index<Pod>,
  read: Reader,
): EndpointPlan {
  const spec = read.get(
    inputs.xBackends,
    objectKey({ group: experimentalGroup, kind: "XBackend", namespace, name }),
  )?.spec;
  if (spec === undefined) return NOTHING;
  return spec.type === "ExternalHostname"
    ? { endpoints: [], names: [{ hostname: spec.externalHostname.hostname, port }] }
    : planOfSelector(namespace, spec.endpointSelector.matchLabels, port, pods, read);
}

/** A name that has never been resolved leaves the set unresolved while nothing else is there to send to. */
function deriveEndpointSets(
  graph: Graph,
  inputs: Inputs,
  plans: Collection<PlannedSet>,
  identities: Identities | undefined,
): Collection<EndpointSet> {
  return graph.derive({
    name: "translate/EndpointSets",
    key: (set: EndpointSet) => set.key,
    from: plans,
    reads: [inputs.resolvedNames, ...(identities?.reads ?? [])],
    map: ({ key, origin, plan }, read) => {
      const resolved = plan.names.map(({ hostname, port }) => {
        const found = read.get(inputs.resolvedNames, hostname);
        return found && found.addresses.map((address): Endpoint => ({ address, port }));
      });
      const known = (of: readonly Endpoint[]): readonly Endpoint[] =>
        identities ? of.map((endpoint) => identities.of(endpoint, plan.gateway, read)) : of;
      const own = known(plan.endpoints);
      const at = plan.at && Object.entries(plan.at).map(([place, near]) => [place, known(near)] as const);
      const endpoints = [...own, ...resolved.flatMap((found) => found ?? [])];
      const unresolved = endpoints.length === 0 && resolved.includes(undefined);
      return [{ key, origin, endpoints, ...(at && { at: Object.fromEntries(at) }), ...(unresolved && { unresolved }) }];
    },
  });
}
