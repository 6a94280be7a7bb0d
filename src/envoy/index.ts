/** Envoy's side of the model: resource records for the proxies. Knows nothing about Kubernetes, sends nothing. */
export { envoyResources } from "./envoy-resources.ts";
export type { EnvoyInputs } from "./envoy-resources.ts";
export { askedDestination } from "./mesh/destination.ts";
export { MAX_RESOURCE_BYTES, recordKey, ResourceTooLargeError } from "./record.ts";
export type { EnvoyRecord, ResourceId, ResourceKind } from "./record.ts";
export { defaultSettings } from "./settings.ts";
export type { AccessLogging, EnvoySettings } from "./settings.ts";
