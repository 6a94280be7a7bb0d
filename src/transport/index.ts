/** gRPC for proxies: the discovery service on HTTP/2, and the groups of proxies that share a wanted state. */
export { startAdsServer } from "./ads-server.ts";
export type { AdmissionRefusal, Admittance, AdsAddress, AdsServer, AdsServerOptions, ServerTls } from "./ads-server.ts";
export { defaultConnectionAge, type ConnectionAge } from "./connection-age.ts";
export type { ProxyConnection, ProxyIdentity } from "./proxy-connection.ts";
export { ProxyGroup } from "./proxy-group.ts";
export type { ProxyGroupEvents } from "./proxy-group.ts";
