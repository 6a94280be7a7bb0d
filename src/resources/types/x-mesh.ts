/** XMesh: names the controller of a mesh. https://gateway-api.sigs.k8s.io/geps/gep-3949/ */
import type { KubernetesObject } from "./meta.ts";
import type { ParametersReference } from "./references.ts";
import type { GatewayClassStatus } from "./status.ts";

export interface XMesh extends KubernetesObject {
  readonly kind: "XMesh";
  readonly spec: XMeshSpec;
  /** Of the same shape as that of a GatewayClass. */
  readonly status?: GatewayClassStatus;
}

export interface XMeshSpec {
  readonly controllerName: string;
  readonly parametersRef?: ParametersReference;
  readonly description?: string;
}
