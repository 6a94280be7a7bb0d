/** How translation is set where all Gateways share one Envoy on one machine, and workloads of the machine have one each. */
import { type NamespacedName, proxyKey, type ProxyKey } from "../model/index.ts";
import { gatewayGroup, type GatewayClass, type KnownObject, objectKeyOf, type ObjectKey } from "../resources/index.ts";
import { withClusterDefaults } from "../sources/index.ts";
import { MESH_FEATURES, SUPPORTED_FEATURES } from "./supported-features.ts";
import type { TranslateSettings } from "../translate/index.ts";

export const CONTROLLER_NAME = "trilith.dev/gateway-controller";

/** Of XMeshes. */
export const MESH_CONTROLLER_NAME = "trilith.dev/mesh-controller";

/** The one proxy of all Gateways of a standalone run. */
export const LOCAL_PROXY: ProxyKey = proxyKey("local");
/** The ServiceAccount that stands for it in the mesh. */
export const LOCAL_GATEWAYS: NamespacedName = { namespace: "trilith-system", name: "gateways" };
/** That of a cluster that nobody has given another one, so that policies can be moved there. */
export const LOCAL_TRUST_DOMAIN = "cluster.local";

export function standaloneSettings({ bindAddress }: { readonly bindAddress: string }): TranslateSettings {
  return {
    controllerName: CONTROLLER_NAME,
    proxyOf: () => LOCAL_PROXY,
    bindAddress,
    addresses: "host",
    mesh: {
      controllerName: MESH_CONTROLLER_NAME,
      namespace: LOCAL_GATEWAYS.namespace,
      trustDomain: LOCAL_TRUST_DOMAIN,
      // Sidecars here are asked for nothing but what their workloads say that they call.
      unknownDestinations: "refuse",
      features: MESH_FEATURES,
    },
    features: SUPPORTED_FEATURES,
  };
}

/** What a directory gets that states no GatewayClass of this name, so that the first example needs none. */
export const defaultClass = (name: string): GatewayClass => ({
  apiVersion: `${gatewayGroup}/v1`,
  kind: "GatewayClass",
  metadata: { name, generation: 1 },
  spec: { controllerName: CONTROLLER_NAME },
});

/** All that files may leave out: what a cluster would add, and the class. */
export const withDefaults = (
  objects: ReadonlyMap<ObjectKey, KnownObject>,
  className: string,
): ReadonlyMap<ObjectKey, KnownObject> => withClusterDefaults(withDefaultClass(objects, className));

/** The objects with the default class, where they need it. */
export function withDefaultClass(
  objects: ReadonlyMap<ObjectKey, KnownObject>,
  name: string,
): ReadonlyMap<ObjectKey, KnownObject> {
  const implicit = defaultClass(name);
  const key = objectKeyOf(implicit);
  return objects.has(key) ? objects : new Map(objects).set(key, implicit);
}
