/** Provisioning: the Deployment, Service and the rest that each Gateway has in a cluster, and what they say of themselves. */
export { gatewayAddressOf } from "./gateway-address.ts";
export type { GatewayAddress, PlannedService } from "./gateway-address.ts";
export { generatedName, labelValueOf } from "./generated-name.ts";
export type { Manifest } from "./manifest.ts";
export { manifestsOf, nameOf } from "./manifests.ts";
export { NameClaims } from "./name-claims.ts";
export { type OwnedName, type OwnedObject, OwnedObjects } from "./owned-objects.ts";
export { isOf } from "./ownership.ts";
export { Provisioner, type ProvisioningProblem } from "./provisioner.ts";
export { type ServicePlan, servicesOf } from "./service-plan.ts";
export { type Installation, POD_PATHS, type PodSettings, type Wish } from "./wish.ts";
