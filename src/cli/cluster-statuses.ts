/**
 * What the objects of a cluster say that Trilith made of them: their statuses as the API server has them, of the Gateways of
 * Trilith's classes and of what is attached to those. Entries of other controllers are left out.
 */
import type { ApiClient } from "../kubernetes/index.ts";
import { type Kind, kinds } from "../resources/index.ts";
import type { ObjectWithStatus } from "../status/index.ts";
import { CliError } from "./cli-error.ts";

const CONTROLLER_NAME = "trilith.dev/gateway-controller";

const STATED_KINDS = [
  "GatewayClass",
  "Gateway",
  "ListenerSet",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
  "BackendTLSPolicy",
  "XBackend",
  "XBackendTrafficPolicy",
  "XTelemetryPolicy",
  "XMesh",
  "AccessPolicy",
  "BackendPolicy",
] as const satisfies readonly Kind[];

interface ReadObject extends Omit<ObjectWithStatus, "status"> {
  readonly spec?: {
    readonly controllerName?: string;
    readonly gatewayClassName?: string;
    readonly parentRef?: { readonly namespace?: string; readonly name: string };
  };
  readonly status?: ObjectWithStatus["status"];
}

/** `namespace`: the only one to look at. Kinds that the cluster does not have are passed over. */
export async function clusterStatuses(
  client: ApiClient,
  namespace: string | undefined,
): Promise<readonly ObjectWithStatus[]> {
  const read = await Promise.all(STATED_KINDS.map((kind) => listKind(client, kind, namespace)));
  const objects = read.flat();
  const classes = new Set(
    objects.filter(({ spec }) => spec?.controllerName === CONTROLLER_NAME).map(({ metadata }) => metadata.name),
  );
  // Who sees one namespace alone may not list classes.
  if (!objects.some(({ kind }) => kind === "GatewayClass")) classes.add("trilith");
  const gateways = new Set(
    objects
      .filter(({ kind, spec }) => kind === "Gateway" && classes.has(spec?.gatewayClassName ?? ""))
      .map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`),
  );
  return objects.flatMap((object) => ownPart(object, classes, gateways) ?? []);
}

/** The object with what Trilith says of it; undefined where that is nothing. */
function ownPart(
  object: ReadObject,
  classes: ReadonlySet<string>,
  gateways: ReadonlySet<string>,
): ObjectWithStatus | undefined {
  const { spec: _, ...named } = object;
  const status = object.status ?? {};
  const whole = { ...named, status };
  const { namespace = "", name } = object.metadata;
  switch (object.kind) {
    case "XMesh":
      return object.spec?.controllerName === "trilith.dev/mesh-controller" ? whole : undefined;
    case "GatewayClass":
      return classes.has(name) ? whole : undefined;
    case "Gateway":
      return gateways.has(`${namespace}/${name}`) ? whole : undefined;
    case "ListenerSet": {
      const parent = object.spec?.parentRef;
      return gateways.has(`${parent?.namespace ?? namespace}/${parent?.name ?? ""}`) ? whole : undefined;
    }
    default: {
      const parents = status.parents?.filter(({ controllerName }) => controllerName === CONTROLLER_NAME);
      const ancestors = status.ancestors?.filter(({ controllerName }) => controllerName === CONTROLLER_NAME);
      const isOurs = (parents?.length ?? 0) + (ancestors?.length ?? 0) > 0;
      return isOurs
        ? { ...named, status: { ...(parents && { parents }), ...(ancestors && { ancestors }) } }
        : undefined;
    }
  }
}

async function listKind(client: ApiClient, kind: Kind, namespace: string | undefined): Promise<readonly ReadObject[]> {
  const { ApiError, listResources } = await import("../kubernetes/index.ts");
  const { group, plural, versions, namespaced } = kinds[kind];
  const within = namespaced && namespace !== undefined ? { namespace } : {};
  for (const version of versions) {
    try {
      const items = await listResources<ReadObject>(client, { group, version, plural, ...within });
      return items.map(({ metadata, spec, status }) => ({
        apiVersion: `${group}/${version}`,
        kind,
        metadata: {
          ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
          name: metadata.name,
          generation: metadata.generation,
        },
        ...(spec && { spec }),
        ...(status && { status }),
      }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "forbidden" && namespaced && namespace === undefined)
        throw new CliError(
          `you may not list ${plural} in all namespaces; name one with -n (${error.message})`,
          2,
          error,
        );
      if (error.code === "forbidden" && !namespaced) return [];
      if (error.code !== "notFound") throw error;
    }
  }
  return [];
}
