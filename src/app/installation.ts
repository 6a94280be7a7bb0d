/** What every Gateway's pods are made with: the image, and the files that tell an Envoy in a pod who it is and where to ask. */
import { PROXY_AUDIENCE } from "../identity/index.ts";
import { POD_ADDRESS, POD_ADDRESSES, type Redirection, type SidecarSettings } from "../mesh/index.ts";
import { SIDECAR_PORTS } from "../model/index.ts";
import { bootstrapOf, controlPlaneFiles, nodeMetadata, type RemoteControlPlane } from "../proxy/index.ts";
import { type Installation, POD_PATHS } from "../provision/index.ts";
import { isIPv6 } from "../resources/index.ts";

export interface EnvoyImage {
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never";
}

export interface InstallationOptions {
  readonly namespace: string;
  readonly service: string;
  readonly listen: { readonly xds: { readonly port: number } };
  readonly envoy: EnvoyImage;
  /** What Gateways' Envoys listen on. Default `0.0.0.0`. */
  readonly bindAddress?: "0.0.0.0" | "::";
  /** Of this pod: kubelets ask all pods of a cluster by addresses of its family. Default: IPv4. */
  readonly podAddress?: string | undefined;
  /** Absent: no mesh. */
  readonly mesh?: { readonly trustDomain: string };
}

/** A pod without limits of its own may take so much before it answers 503 rather than take down its node. */
const LIMITS = { maxConnections: 50_000, maxHeapBytes: 2 * 1024 * 1024 * 1024 };

type ControlPlane = Pick<InstallationOptions, "namespace" | "service" | "listen">;

const controlPlaneOf = ({ namespace, service, listen }: ControlPlane): RemoteControlPlane => ({
  kind: "cluster",
  host: `${service}.${namespace}.svc`,
  port: listen.xds.port,
  directory: POD_PATHS.files,
  tokenDirectory: POD_PATHS.tokenFolder,
});

/** What every pod of the mesh is given besides its own. */
export function sidecarSettingsOf(
  options: InstallationOptions & { readonly mesh: { readonly redirection: Redirection; readonly trustDomain: string } },
): SidecarSettings {
  const family = isIPv6(options.podAddress ?? "") ? "IPv6" : "IPv4";
  return {
    envoy: options.envoy,
    redirection: options.mesh.redirection,
    bootstrapOf: (probes) =>
      JSON.stringify(
        bootstrapOf({
          // Each pod says its own name, and whose it is, on Envoy's command line.
          node: { id: "", cluster: "", metadata: nodeMetadata(POD_ADDRESSES) },
          controlPlane: controlPlaneOf(options),
          adminSocket: POD_PATHS.adminSocket,
          limits: LIMITS,
          // It ends after its workload, when there is nothing left to drain.
          pod: { port: SIDECAR_PORTS.pod, address: family === "IPv6" ? "::" : "0.0.0.0" },
          workload: { address: POD_ADDRESS, family, probes },
        }),
      ),
    trustDomain: options.mesh.trustDomain,
    audience: PROXY_AUDIENCE,
    paths: POD_PATHS,
  };
}

/** What sidecars read when they start, by file name. `caBundle`: PEM. */
export const sidecarFilesOf = (options: ControlPlane, caBundle: string): Readonly<Record<string, string>> => ({
  "ca.crt": caBundle,
  ...controlPlaneFiles(controlPlaneOf(options)),
});

/** `caBundle`: PEM. */
export function installationOf(
  { namespace, service, listen, envoy, bindAddress, mesh }: InstallationOptions,
  caBundle: string,
): Installation {
  const controlPlane = controlPlaneOf({ namespace, service, listen });
  return {
    image: envoy.image,
    imagePullPolicy: envoy.pullPolicy,
    audience: PROXY_AUDIENCE,
    ...(mesh && { trustDomain: mesh.trustDomain }),
    caBundle,
    filesOf: (proxy, pod) => ({
      "bootstrap.json": JSON.stringify(
        bootstrapOf({
          // Each pod says its own name on Envoy's command line.
          node: { id: "", cluster: proxy },
          controlPlane,
          adminSocket: POD_PATHS.adminSocket,
          limits: LIMITS,
          pod: {
            port: pod.port,
            ...(bindAddress && { address: bindAddress }),
            drain: { token: pod.drainToken, seconds: pod.drainSeconds },
          },
        }),
      ),
      ...controlPlaneFiles(controlPlane),
    }),
  };
}
