/**
 * What a pod of the mesh has besides its own: a container that has the kernel redirect, and is done, unless an agent on the node does it;
 * then the sidecar, which starts before the workload and ends after it (a native sidecar: an init container that is always restarted).
 *
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
 */
import {
  fromPod,
  PLACE_VARIABLES,
  placeInPod,
  placeVariables,
  PROXY_VARIABLES,
  RESOURCE_VARIABLE,
  resourceAttributes,
  SIDECAR_PORTS,
  sidecarKey,
  spiffeId,
  type WorkloadProbe,
} from "../model/index.ts";
import { type Capture, captureRules, SIDECAR_USER } from "./capture-rules.ts";
import { CAPTURE_VARIABLE, captureText } from "./capture-variable.ts";
import { SIDECAR_CONTAINER } from "./pod.ts";

/** The same for all pods of an installation. */
export interface SidecarSettings {
  readonly envoy: SidecarImage;
  readonly redirection: Redirection;
  /**
   * Envoy's bootstrap, in JSON, for a sidecar that passes on what the kubelet asks. It reads the files of `ROOT_CONFIG_MAP` in `files`, and
   * the token in `tokenFolder`; the address of the pod stands in it as `POD_ADDRESS`, all of them as `POD_ADDRESSES`.
   */
  bootstrapOf(probes: readonly WorkloadProbe[]): string;
  /** Of the identities. */
  readonly trustDomain: string;
  /** Of the token that the sidecar proves itself with. */
  readonly audience: string;
  readonly paths: {
    readonly files: string;
    readonly tokenFolder: string;
    readonly adminSocket: string;
  };
}

/** Who has the kernel redirect: a container of the pod, whose image's entry point is the program `nft`, or the agent on its node. */
export type Redirection = { readonly by: "InitContainer"; readonly image: SidecarImage } | { readonly by: "Node" };

export interface SidecarImage {
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never";
}

/** In each namespace with pods of the mesh: the authorities that the control plane is known by, and what Envoy reads beside them. */
export const ROOT_CONFIG_MAP = "trilith-root";

/** The kubelet puts the address in its place. */
export const POD_ADDRESS = "$(POD_IP)";
/** The same with all of them, with commas between. */
export const POD_ADDRESSES = "$(POD_IPS)";

const TOKEN_SECONDS = 3600;
const VOLUMES = { files: "trilith-files", run: "trilith-run", token: "trilith-token" } as const;

const CAPTURE_CONTAINER = "trilith-capture";

/** It alone may change the network of the pod, and does it before anything else runs. */
export function captureContainer({ image, pullPolicy }: SidecarImage, what: Capture): object {
  return {
    name: CAPTURE_CONTAINER,
    image,
    imagePullPolicy: pullPolicy,
    args: [captureRules(what)],
    resources: { requests: { cpu: "10m", memory: "16Mi" } },
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
  };
}

/** Whom a sidecar stands beside. */
export interface SidecarWorkload {
  readonly namespace: string;
  /** Its ServiceAccount. */
  readonly account: string;
  /** Of its Deployment, StatefulSet, … */
  readonly name: string;
}

export function sidecarContainer(
  settings: SidecarSettings,
  workload: SidecarWorkload,
  capture: Capture,
  probes: readonly WorkloadProbe[],
): object {
  const { envoy, paths, trustDomain } = settings;
  const { namespace, account } = workload;
  const byNode = settings.redirection.by === "Node";
  const ready = { httpGet: { path: byNode ? NODE_PROOF : "/ready", port: SIDECAR_PORTS.proof, scheme: "HTTP" } };
  return {
    name: SIDECAR_CONTAINER,
    image: envoy.image,
    imagePullPolicy: envoy.pullPolicy,
    restartPolicy: "Always",
    command: ["envoy"],
    args: argumentsOf(settings.bootstrapOf(probes), sidecarKey(namespace, account)),
    env: [
      fromPod("POD_NAME", "metadata.name"),
      fromPod("POD_UID", "metadata.uid"),
      fromPod("POD_IP", "status.podIP"),
      fromPod("POD_IPS", "status.podIPs"),
      ...placeVariables,
      // For its metrics.
      { name: PROXY_VARIABLES.namespace, value: namespace },
      { name: PROXY_VARIABLES.workload, value: workload.name },
      { name: PROXY_VARIABLES.identity, value: spiffeId(trustDomain, namespace, account) },
      { name: RESOURCE_VARIABLE, value: resourceAttributes({ namespace, workload: workload.name, pod: OWN_POD }) },
      ...(byNode ? [{ name: CAPTURE_VARIABLE, value: captureText(capture) }] : []),
    ],
    ports: [{ name: "trilith-metrics", containerPort: SIDECAR_PORTS.pod, protocol: "TCP" }],
    resources: { requests: { cpu: "10m", memory: "64Mi" } },
    securityContext: {
      runAsUser: SIDECAR_USER,
      runAsGroup: SIDECAR_USER,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    // What comes after it is started when the kernel redirects what that sends, and the sidecar can send it on. While the agent of the node
    // is away, nothing would get better by starting the sidecar again, and it would be later every time.
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: byNode ? 3600 : 120 },
    readinessProbe: { ...ready, periodSeconds: 5, failureThreshold: 3 },
    volumeMounts: [
      { name: VOLUMES.files, mountPath: paths.files, readOnly: true },
      { name: VOLUMES.run, mountPath: paths.adminSocket.slice(0, paths.adminSocket.lastIndexOf("/")) },
      { name: VOLUMES.token, mountPath: paths.tokenFolder, readOnly: true },
    ],
  };
}

/** The kubelet puts the variables that stand before in their places. */
const OWN_POD = {
  name: "$(POD_NAME)",
  uid: "$(POD_UID)",
  node: `$(${PLACE_VARIABLES.node})`,
  container: SIDECAR_CONTAINER,
} as const;

/** The kubelet's Event about a probe that fails shows it: so it says what is missing on a node where nobody else is to say it. */
const NODE_PROOF = "/ready?waits-for=trilith-node";

/** `proxy`: the node's cluster, by which the control plane knows it. Envoy takes an option and its value as two arguments. */
function argumentsOf(bootstrap: string, proxy: string): string[] {
  const options = {
    "config-yaml": bootstrap,
    "service-node": "$(POD_NAME)",
    "service-cluster": proxy,
    "service-zone": placeInPod,
    "log-level": "warning",
    concurrency: "2",
  };
  return [...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]), "--disable-hot-restart"];
}

export function sidecarVolumes({ audience }: SidecarSettings): readonly object[] {
  const token = { audience, expirationSeconds: TOKEN_SECONDS, path: "token" };
  return [
    { name: VOLUMES.files, configMap: { name: ROOT_CONFIG_MAP } },
    { name: VOLUMES.run, emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
    { name: VOLUMES.token, projected: { sources: [{ serviceAccountToken: token }] } },
  ];
}
