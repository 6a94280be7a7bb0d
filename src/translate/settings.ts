/** What translation is told about the place where it runs. */
import type { NamespacedName, ProxyKey, UnknownDestinations } from "../model/index.ts";

/** What is made for a Gateway is called. */
export interface GatewayNames {
  /** The ServiceAccount of its Envoys. */
  accountOf(gateway: string, gatewayClass: string): string;
  /** What the label with the Gateway's name has on its Services. */
  labelOf(gateway: string): string;
}

export interface TranslateSettings {
  /** GatewayClasses with this `spec.controllerName` are ours. */
  readonly controllerName: string;
  /** The proxy that serves a Gateway. */
  proxyOf(gateway: NamespacedName): ProxyKey;
  /** What to listen on for Gateways that ask for no address, such as `0.0.0.0`. */
  readonly bindAddress: string;
  /**
   * What `Gateway.spec.addresses` are. `host`: addresses of the machine that the proxy runs on, which it binds.
   * `service`: addresses of a load balancer in front of the proxies, which all bind `bindAddress`.
   */
  readonly addresses: "host" | "service";
  /** Absent: there is no mesh, and routes attach to no Service. */
  readonly mesh?: {
    /** XMeshes with this `spec.controllerName` are ours. */
    readonly controllerName: string;
    /** Where Trilith is installed: policies there may be about the mesh as a whole. */
    readonly namespace: string;
    /** Of its identities. */
    readonly trustDomain: string;
    /** What becomes of connections to addresses that are nobody's in the cluster. */
    readonly unknownDestinations: UnknownDestinations;
    /** Where Services and pods have their addresses: those elsewhere are not asked about. Absent where nobody is redirected. */
    readonly networks?: readonly string[];
    /** Names of Gateway API features, for the status of XMeshes. */
    readonly features: readonly string[];
    /** Gateways take workloads of the mesh as such; absent: they tell them from nobody else. */
    readonly gateways?: GatewayNames;
  };
  /** Names of Gateway API features, for the status of GatewayClasses. */
  readonly features: readonly string[];
}
