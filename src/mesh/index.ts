/** The mesh in Kubernetes: which pods get a sidecar, what they get, and what the API server must know for that. */
export { type Capture, captureRules, plainPorts, SIDECAR_USER } from "./capture-rules.ts";
export { type Injection, injectSidecar, type PatchOperation } from "./inject-sidecar.ts";
export {
  INJECTION_PATH,
  type InjectionServer,
  type InjectionServerOptions,
  type ServerKeys,
  startInjectionServer,
} from "./injection-server.ts";
export { CAPTURE_VARIABLE, captureFromText, captureText } from "./capture-variable.ts";
export { Keeper, type KeeperOptions } from "./keeper.ts";
export { type AdmittedPod, MESH_LABEL, SIDECAR_CONTAINER } from "./pod.ts";
export {
  POD_ADDRESS,
  POD_ADDRESSES,
  type Redirection,
  ROOT_CONFIG_MAP,
  type SidecarImage,
  type SidecarSettings,
} from "./sidecar-containers.ts";
export { RootConfigMaps, type RootConfigMapsOptions } from "./root-config-maps.ts";
export { TrustBundlePublisher, type TrustBundlePublisherOptions } from "./trust-bundle-publisher.ts";
export { WebhookAuthority, type WebhookAuthorityOptions } from "./webhook-authority.ts";
