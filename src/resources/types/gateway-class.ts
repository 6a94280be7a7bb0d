/** GatewayClass: names the controller that serves the Gateways of the class. https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass */
import type { KubernetesObject } from "./meta.ts";
import type { ParametersReference } from "./references.ts";
import type { GatewayClassStatus } from "./status.ts";

export interface GatewayClass extends KubernetesObject {
  readonly kind: "GatewayClass";
  readonly spec: GatewayClassSpec;
  readonly status?: GatewayClassStatus;
}

export interface GatewayClassSpec {
  readonly controllerName: string;
  readonly parametersRef?: ParametersReference;
  readonly description?: string;
}
