/**
 * What translation wants to read of kinds that are too many, or too secret, to be read as a whole: the Secrets and ConfigMaps
 * that something refers to, and the Pods of namespaces where a backend selects some. Whoever follows a cluster reads these
 * and no others.
 *
 * A reference counts wherever it stands in a spec: an object with the group "", such a kind, and a name. Whether a grant lets it
 * be used is decided where it is used.
 */
import type { Collection, Graph } from "../collections/index.ts";
import { type BackendTLSPolicy, objectKey, type XBackend } from "../resources/index.ts";
import type { ManagedGateway } from "./gateways/managed-gateways.ts";
import type { ManagedListenerSet } from "./gateways/listener-sets.ts";

export interface WantedResource {
  /** Of the object; for Pods, of their namespace. */
  readonly key: string;
  readonly kind: "Secret" | "ConfigMap" | "Pod";
  readonly namespace: string;
  /** Absent: all of the namespace. */
  readonly name?: string;
}

export interface WantingSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly listenerSets: Collection<ManagedListenerSet>;
  readonly backendTlsPolicies: Collection<BackendTLSPolicy>;
  readonly xBackends: Collection<XBackend>;
}

interface Want {
  readonly key: string;
  readonly resource: WantedResource;
}

export function deriveWantedResources(graph: Graph, sources: WantingSources): Collection<WantedResource> {
  const { gateways, listenerSets, backendTlsPolicies, xBackends } = sources;
  const shape = { key: ({ key }: Want) => key };
  const from = <Value extends object>(
    name: string,
    values: Collection<Value>,
    wants: (value: Value) => WantedResource[],
  ): Collection<Want> =>
    graph.derive({
      ...shape,
      name: `translate/ResourcesWantedBy${name}`,
      from: values,
      map: (value) => wants(value).map((resource) => ({ key: `${keyOfWanting(value)}>${resource.key}`, resource })),
    });
  const wanted = graph.groups<Want>({
    name: "translate/ResourceWants",
    of: graph.union<Want>({
      name: "translate/AllResourceWants",
      of: [
        from("Gateways", gateways, ({ spec, namespace }) => referencesIn(spec, namespace)),
        from("ListenerSets", listenerSets, ({ listeners, namespace }) => referencesIn(listeners, namespace)),
        from("BackendTlsPolicies", backendTlsPolicies, ({ spec, metadata }) => referencesIn(spec, metadata.namespace)),
        from("XBackends", xBackends, ({ spec, metadata }) => [
          ...referencesIn(spec, metadata.namespace),
          ...(spec.type === "EndpointSelector" ? [podsOf(metadata.namespace)] : []),
        ]),
      ],
    }),
    by: ({ resource }) => [resource.key],
  });
  return graph.derive({
    name: "translate/WantedResources",
    key: (resource: WantedResource) => resource.key,
    from: wanted,
    map: ({ members }) => members.slice(0, 1).map(({ resource }) => resource),
  });
}

const podsOf = (namespace: string): WantedResource => ({ key: `Pod/${namespace}`, kind: "Pod", namespace });

function keyOfWanting(value: object): string {
  if ("key" in value) return String(value.key);
  const { metadata } = value as BackendTLSPolicy | XBackend;
  return `${metadata.namespace}/${metadata.name}`;
}

/** Each once. `namespace`: where references without one lead. */
function referencesIn(value: unknown, namespace: string): WantedResource[] {
  const found = new Map<string, WantedResource>();
  const look = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const resource = resourceOf(part, namespace);
    if (resource) found.set(resource.key, resource);
    for (const inner of Object.values(part)) look(inner);
  };
  look(value);
  return [...found.values()];
}

function resourceOf(part: object, home: string): WantedResource | undefined {
  const { group, kind, name, namespace = home } = part as Readonly<Record<string, unknown>>;
  if (group !== "" || (kind !== "Secret" && kind !== "ConfigMap")) return undefined;
  if (typeof name !== "string" || typeof namespace !== "string") return undefined;
  return { key: objectKey({ group, kind, namespace, name }), kind, namespace, name };
}
