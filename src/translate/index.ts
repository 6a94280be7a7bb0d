/** Translation: resources and facts into the model, statuses and findings. */
export { translate } from "./translate.ts";
export type { GatewayNames, TranslateSettings } from "./settings.ts";
export type { Translation } from "./translation.ts";
export { type ListenerGeneration, uidInGateway } from "./listener.ts";
export type { AttachedHost, Attachment, ParentResult, RouteReference, Verdict } from "./attachment.ts";
export type { Finding } from "./finding.ts";
export {
  type AddressFact,
  type BundleFact,
  type CertificateFact,
  type ClockFact,
  createResourceSources,
  type Facts,
  type GatewayAddressFact,
  type Inputs,
  type MeshMember,
  type ResolvedName,
  type ResourceSources,
  type RouteReport,
  routeReportKey,
  SOURCE_OF_KIND,
  type SocketReport,
  type TrustFact,
} from "./inputs.ts";
export { KEPT, KEPT_IN } from "./gateways/overlay-limits.ts";
export type { InfrastructureWish, WishedPort } from "./gateways/derive-infrastructure.ts";
export type { ObjectStatus, OwnEntry, OwnListenerStatus, OwnStatus } from "./object-status.ts";
export type { WantedResource } from "./wanted-resources.ts";
