/** How translation is set in a cluster: a proxy of its own for each Gateway, which is reached through a Service. */
import { proxyKey } from "../model/index.ts";
import { generatedName, labelValueOf } from "../provision/index.ts";
import type { TranslateSettings } from "../translate/index.ts";
import { CONTROLLER_NAME, MESH_CONTROLLER_NAME } from "./standalone-settings.ts";
import { MESH_FEATURES, SUPPORTED_FEATURES } from "./supported-features.ts";

/** What only a cluster has. */
const CLUSTER_FEATURES: readonly string[] = [
  "GatewayAddressRoutability",
  "GatewayAddressRoutabilityCluster",
  "GatewayInfrastructure",
];

type MeshOptions = Pick<NonNullable<TranslateSettings["mesh"]>, "trustDomain" | "unknownDestinations" | "networks">;

interface ClusterSettings {
  /** Where Trilith is installed. */
  readonly namespace?: string;
  readonly mesh?: MeshOptions;
  /** What Gateways' Envoys listen on; `::` takes both families. Default `0.0.0.0`. */
  readonly bindAddress?: "0.0.0.0" | "::";
}

export function controllerSettings({
  namespace = "trilith-system",
  mesh,
  bindAddress = "0.0.0.0",
}: ClusterSettings = {}): TranslateSettings {
  return {
    controllerName: CONTROLLER_NAME,
    proxyOf: ({ namespace, name }) => proxyKey(`${namespace}/${name}`),
    bindAddress,
    addresses: "service",
    ...(mesh && {
      mesh: {
        controllerName: MESH_CONTROLLER_NAME,
        namespace,
        trustDomain: mesh.trustDomain,
        unknownDestinations: mesh.unknownDestinations,
        ...(mesh.networks && { networks: mesh.networks }),
        features: MESH_FEATURES,
        gateways: { accountOf: generatedName, labelOf: labelValueOf },
      },
    }),
    features: [...SUPPORTED_FEATURES, ...CLUSTER_FEATURES].sort(),
  };
}
