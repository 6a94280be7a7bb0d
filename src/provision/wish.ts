/** What provisioning is told: what a Gateway needs, and where and how Trilith is installed. */
import type { ProxyKey } from "../model/index.ts";
import type { GatewayInfrastructure, GatewaySpecAddress, ObjectKey } from "../resources/index.ts";

/** What a Gateway needs of the cluster; translation says it. */
export interface Wish {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly proxy: ProxyKey;
  readonly gatewayClassName: string;
  readonly infrastructure: GatewayInfrastructure;
  readonly addresses: readonly GatewaySpecAddress[];
  readonly ports: readonly { readonly transport: "tcp" | "udp"; readonly port: number }[];
}

/** The same for all Gateways of an installation. */
export interface Installation {
  readonly image: string;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  /** Envoy's bootstrap for the proxy, as JSON. */
  readonly bootstrapOf: (proxy: ProxyKey, pod: PodSettings) => string;
  /** Further files beside the bootstrap and `ca.crt`, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** PEM; the authorities that proxies know the control plane by. */
  readonly caBundle: string;
  /** Of the tokens that proxies prove themselves with. */
  readonly audience: string;
}

export interface PodSettings {
  /** The kubelet's and Prometheus' port. */
  readonly port: number;
  readonly drainToken: string;
  readonly drainSeconds: number;
}

/** Where things are in the pod; Envoy's bootstrap names them. */
export const POD_PATHS = {
  bootstrap: "/etc/trilith/bootstrap.json",
  /** With the bootstrap, `ca.crt` and further files. */
  files: "/etc/trilith",
  token: "/var/run/secrets/trilith.dev/token/token",
  adminSocket: "/run/trilith/admin.sock",
} as const;
