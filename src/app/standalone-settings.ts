/** How translation is set where all Gateways share one Envoy on one machine. */
import { proxyKey, type ProxyKey } from "../model/index.ts";
import { gatewayGroup, type GatewayClass, type KnownObject, objectKeyOf, type ObjectKey } from "../resources/index.ts";
import { SUPPORTED_FEATURES } from "./supported-features.ts";
import type { TranslateSettings } from "../translate/index.ts";

export const CONTROLLER_NAME = "trilith.dev/gateway-controller";

/** The one proxy of a standalone run. */
export const LOCAL_PROXY: ProxyKey = proxyKey("local");

export function standaloneSettings({ bindAddress }: { readonly bindAddress: string }): TranslateSettings {
  return {
    controllerName: CONTROLLER_NAME,
    proxyOf: () => LOCAL_PROXY,
    bindAddress,
    addresses: "host",
    features: SUPPORTED_FEATURES,
  };
}

/** A directory that states no GatewayClass of this name gets one, so that the first example needs none. */
export function withDefaultClass(
  objects: ReadonlyMap<ObjectKey, KnownObject>,
  name: string,
): ReadonlyMap<ObjectKey, KnownObject> {
  const implicit: GatewayClass = {
    apiVersion: `${gatewayGroup}/v1`,
    kind: "GatewayClass",
    metadata: { name, generation: 1 },
    spec: { controllerName: CONTROLLER_NAME },
  };
  const key = objectKeyOf(implicit);
  return objects.has(key) ? objects : new Map(objects).set(key, implicit);
}
