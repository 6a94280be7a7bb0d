/** Official tests of Gateways that are not replayed here, and why. */
export const NOT_REPLAYED: Readonly<Record<string, string>> = {
  GatewayInfrastructureMetadata: "asks for labels of the Deployment and Service that a cluster makes for a Gateway",
  TLSRouteListenerMixedTerminationNotSupported: "is only for those who do not support TLSRouteModeMixed",
  TLSRouteListenerTerminateNotSupported: "is only for those who do not support TLSRouteModeTerminate",
};
