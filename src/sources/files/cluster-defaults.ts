/**
 * What a cluster would add to objects, and nobody writes into files: an address for each Service, and EndpointSlices of the Workloads
 * that a Service selects, as those of pods. Everything else stays as it was written.
 */
import { createHash } from "node:crypto";
import {
  type EndpointSlice,
  isOfKind,
  type KnownObject,
  matchesSelector,
  type ObjectKey,
  objectKeyOf,
  type Service,
  serviceNameLabel,
  type ServicePort,
  type Workload,
} from "../../resources/index.ts";
import type { ObjectChange } from "../object-change.ts";

/** The objects with what a cluster would add. */
export function withClusterDefaults(
  objects: ReadonlyMap<ObjectKey, KnownObject>,
  isReady?: (workload: Workload) => boolean,
): ReadonlyMap<ObjectKey, KnownObject> {
  const made = clusterDefaultsOf(objects, isReady);
  return made.size === 0 ? objects : new Map([...objects, ...made]);
}

/** What a cluster would add, step by step. */
export class ClusterDefaults {
  #made: ReadonlyMap<ObjectKey, KnownObject> = new Map();

  /** `changes` led to `objects`: the same with the changes of what is added. `isReady` may say something else each time. */
  changesWith(
    changes: readonly ObjectChange[],
    objects: ReadonlyMap<ObjectKey, KnownObject>,
    isReady?: (workload: Workload) => boolean,
  ): readonly ObjectChange[] {
    const [before, made] = [this.#made, clusterDefaultsOf(objects, isReady)];
    this.#made = made;
    if (before.size + made.size === 0) return changes;
    const left = [...before].filter(([key]) => !made.has(key));
    return [
      ...changes.filter(({ key }) => !made.has(key)),
      ...left.map(([key, { kind }]) => changeTo(key, kind, objects.get(key))),
      ...[...made].map(([key, object]) => ({ kind: "set" as const, key, object })),
    ];
  }
}

const changeTo = (key: ObjectKey, of: KnownObject["kind"], object: KnownObject | undefined): ObjectChange =>
  object === undefined ? { kind: "delete", key, of } : { kind: "set", key, object };

/** `isReady`: whether the Workload can be called; one that cannot is an endpoint that is not ready. */
function clusterDefaultsOf(
  objects: ReadonlyMap<ObjectKey, KnownObject>,
  isReady: (workload: Workload) => boolean = () => true,
): ReadonlyMap<ObjectKey, KnownObject> {
  const made = new Map<ObjectKey, KnownObject>();
  const workloads = [...objects.values()].filter((object) => isOfKind(object, "Workload"));
  // What nobody in a mesh calls needs no address.
  if (workloads.length === 0) return made;
  for (const [key, object] of objects) {
    if (!isOfKind(object, "Service")) continue;
    made.set(key, addressed(object));
    for (const slice of slicesOf(object, workloads, isReady)) made.set(objectKeyOf(slice), slice);
  }
  return made;
}

/** The same object for the same one, so that nothing changes for nothing. */
const addressedServices = new WeakMap<Service, Service>();

function addressed(service: Service): Service {
  const { type, clusterIP, clusterIPs } = service.spec;
  if (type === "ExternalName" || clusterIP !== undefined || clusterIPs !== undefined) return service;
  const known = addressedServices.get(service);
  if (known) return known;
  const made = { ...service, spec: { ...service.spec, clusterIP: allottedAddress(objectKeyOf(service)) } };
  addressedServices.set(service, made);
  return made;
}

/**
 * Of 198.18.0.0/15, which no network routes (RFC 2544): nobody is called by it here, since workloads call Services by sockets of their
 * own, so that two with one address would harm nobody.
 */
function allottedAddress(key: string): string {
  const [a = 0, b = 0, c = 0] = createHash("sha256").update(key).digest();
  return `198.${18 + (a & 1)}.${b}.${c}`;
}

/** One for each set of ports: a port by name may be another one in each Workload. */
function slicesOf(
  { metadata, spec }: Service,
  workloads: readonly Workload[],
  isReady: (workload: Workload) => boolean,
): EndpointSlice[] {
  const { namespace, name } = metadata;
  const { type, selector = {}, ports = [] } = spec;
  if (type === "ExternalName" || Object.keys(selector).length === 0) return [];
  const selected = workloads.filter(
    (workload) =>
      workload.metadata.namespace === namespace && matchesSelector({ matchLabels: selector }, workload.metadata.labels),
  );
  const byPorts = Map.groupBy(selected, (workload) => JSON.stringify(portsOf(ports, workload)));
  return [...byPorts].map(([text, members], index) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-workloads-${index}`, namespace, labels: { [serviceNameLabel]: name } },
    addressType: "IPv4",
    endpoints: members.map((workload) => ({
      addresses: [workload.spec.address],
      conditions: { ready: isReady(workload) },
    })),
    ports: JSON.parse(text) as EndpointSlice["ports"] & object,
  }));
}

const portsOf = (ports: readonly ServicePort[], { spec }: Workload): NonNullable<EndpointSlice["ports"]> =>
  ports.flatMap(({ name = "", protocol, targetPort }) => {
    const port = typeof targetPort === "number" ? targetPort : spec.ports?.find((own) => own.name === targetPort)?.port;
    return protocol === "TCP" && port !== undefined ? [{ name, protocol, port }] : [];
  });
