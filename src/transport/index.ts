/** gRPC for proxies: the discovery service on HTTP/2, and the groups of proxies that share a wanted state. */
export { startAdsServer } from "./ads-server.ts";
export type { AdsAddress, AdsServer, AdsServerOptions } from "./ads-server.ts";
export type { ProxyConnection, ProxyIdentity } from "./proxy-connection.ts";
export { ProxyGroup } from "./proxy-group.ts";
export type { ProxyGroupEvents } from "./proxy-group.ts";
