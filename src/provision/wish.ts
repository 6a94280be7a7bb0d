/** What provisioning is told: what a Gateway needs, and where and how Trilith is installed. */
import type { ProxyKey } from "../model/index.ts";
import type {
  GatewayInfrastructure,
  GatewayParametersSpec,
  GatewaySpecAddress,
  ObjectKey,
  Overlays,
} from "../resources/index.ts";

/** What a Gateway needs of the cluster; translation says it. */
export interface Wish {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly proxy: ProxyKey;
  readonly gatewayClassName: string;
  readonly infrastructure: GatewayInfrastructure;
  /** What it needs cannot be said just now: nothing is made or changed for it. */
  readonly held?: true;
  readonly parameters: Omit<GatewayParametersSpec, "overlays">;
  /** Laid over what is made, one after the other. */
  readonly overlays: readonly Overlays[];
  readonly addresses: readonly GatewaySpecAddress[];
  readonly ports: readonly { readonly transport: "tcp" | "udp"; readonly port: number }[];
}

/** The same for all Gateways of an installation. */
export interface Installation {
  readonly image: string;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  /** What Envoy reads when it starts, by file name; `bootstrap.json` among them. Other contents need other pods. */
  readonly filesOf: (proxy: ProxyKey, pod: PodSettings) => Readonly<Record<string, string>>;
  /** PEM; the authorities that proxies know the control plane by. A running Envoy takes up others. */
  readonly caBundle: string;
  /** Of the tokens that proxies prove themselves with. */
  readonly audience: string;
  /** Of the identities in the mesh; absent where there is none. */
  readonly trustDomain?: string;
}

export interface PodSettings {
  /** The kubelet's and Prometheus' port. */
  readonly port: number;
  readonly drainToken: string;
  readonly drainSeconds: number;
}

/** Where things are in the pod; Envoy's bootstrap names them. */
export const POD_PATHS = {
  files: "/etc/trilith",
  bootstrap: "/etc/trilith/bootstrap.json",
  tokenFolder: "/var/run/secrets/trilith.dev/token",
  adminSocket: "/run/trilith/admin.sock",
} as const;
