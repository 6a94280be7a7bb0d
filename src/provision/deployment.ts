/**
 * The Deployment of a Gateway's Envoys. Pods satisfy the restricted pod security standard: no root, nothing written but to
 * memory, no capability.
 *
 * A pod that ends is first taken out of its Service, while its preStop hook keeps it and lets it drain; a rolling update makes a
 * new pod before it ends an old one. So no request is lost (docs/decisions/proxy-drain.md).
 *
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
import {
  fromPod,
  PLACE_VARIABLES,
  placeInPod,
  placeVariables,
  PROXY_VARIABLES,
  RESOURCE_VARIABLE,
  resourceAttributes,
  spiffeId,
} from "../model/index.ts";
import type { ContainerResources, GatewayParametersSpec } from "../resources/index.ts";
import type { Installation, PodSettings, POD_PATHS } from "./wish.ts";

export interface DeploymentWish {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly parameters: GatewayParametersSpec;
  readonly pod: PodSettings;
  readonly installation: Installation;
  readonly paths: typeof POD_PATHS;
}

/** Beyond the time to drain, until the kubelet kills. */
const GRACE_SECONDS = 20;
const TOKEN_SECONDS = 3600;

export function deploymentSpec(wish: DeploymentWish): object {
  const { labels, annotations, selector, parameters } = wish;
  return {
    // An autoscaler's field is not ours.
    ...(parameters.autoscaling === undefined && { replicas: parameters.replicas ?? 1 }),
    selector: { matchLabels: selector },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: { metadata: { labels, annotations }, spec: podSpec(wish) },
  };
}

function podSpec(wish: DeploymentWish): object {
  const { name, selector, pod, installation, parameters } = wish;
  const { nodeSelector, tolerations, priorityClassName } = parameters;
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: pod.drainSeconds + GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
      sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selector },
      },
    ],
    containers: [envoyContainer(wish)],
    volumes: [
      { name: "files", configMap: { name } },
      { name: "run", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
      {
        name: "token",
        projected: {
          sources: [
            {
              serviceAccountToken: {
                audience: installation.audience,
                expirationSeconds: TOKEN_SECONDS,
                path: "token",
              },
            },
          ],
        },
      },
    ],
  };
}

function envoyContainer({ name, pod, installation, parameters, paths }: DeploymentWish): object {
  const { image, imagePullPolicy } = { ...installation, ...parameters.envoy };
  const ready = { httpGet: { path: "/ready", port: pod.port, scheme: "HTTP" } };
  return {
    name: CONTAINER,
    image,
    imagePullPolicy,
    command: ["envoy"],
    args: Object.entries(argumentsOf(pod, parameters, paths)).flatMap(([option, value]) => [`--${option}`, ...value]),
    env: [...podVariables, ...metricsVariables(name, installation), resourceVariable],
    ports: [{ name: "metrics", containerPort: pod.port, protocol: "TCP" }],
    resources: resourcesOf(parameters.resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { ...ready, periodSeconds: 2, failureThreshold: 2 },
    lifecycle: {
      preStop: {
        httpGet: {
          path: "/drain",
          port: pod.port,
          scheme: "HTTP",
          httpHeaders: [{ name: DRAIN_HEADER, value: pod.drainToken }],
        },
      },
    },
    volumeMounts: [
      { name: "files", mountPath: paths.files, readOnly: true },
      { name: "run", mountPath: paths.adminSocket.slice(0, paths.adminSocket.lastIndexOf("/")) },
      { name: "token", mountPath: paths.tokenFolder, readOnly: true },
    ],
  };
}

/** For its metrics, which say whose it is. */
const metricsVariables = (name: string, { trustDomain }: Installation): object[] => [
  fromPod(PROXY_VARIABLES.namespace, "metadata.namespace"),
  { name: PROXY_VARIABLES.workload, value: name },
  {
    name: PROXY_VARIABLES.identity,
    // One that is not there would be a "-" in labels.
    value: trustDomain === undefined ? "" : spiffeId(trustDomain, `$(${PROXY_VARIABLES.namespace})`, name),
  },
];

const CONTAINER = "envoy";

/** For its spans, which say whose they are: the kubelet puts the variables that stand before in their places. */
const resourceVariable = {
  name: RESOURCE_VARIABLE,
  value: resourceAttributes({
    namespace: `$(${PROXY_VARIABLES.namespace})`,
    pod: { name: "$(POD_NAME)", uid: "$(POD_UID)", node: `$(${PLACE_VARIABLES.node})`, container: CONTAINER },
  }),
};

const podVariables = [fromPod("POD_NAME", "metadata.name"), fromPod("POD_UID", "metadata.uid"), ...placeVariables];

/** What is limited and not requested, Kubernetes requests to the limit. */
function resourcesOf({ requests, limits }: ContainerResources = {}): object {
  const unstated = Object.entries(REQUESTS).filter(([name]) => limits === undefined || !Object.hasOwn(limits, name));
  return { requests: { ...Object.fromEntries(unstated), ...requests }, ...(limits && { limits }) };
}

const REQUESTS = { cpu: "10m", memory: "64Mi" };

/** Envoy takes an option and its value as two arguments. */
function argumentsOf(
  { drainSeconds }: PodSettings,
  { envoy }: GatewayParametersSpec,
  { bootstrap }: typeof POD_PATHS,
): Record<string, string[]> {
  return {
    "config-path": [bootstrap],
    "service-node": ["$(POD_NAME)"],
    "service-zone": [placeInPod],
    "log-level": [envoy?.logLevel ?? "warning"],
    concurrency: [String(envoy?.concurrency ?? 2)],
    "drain-time-s": [String(drainSeconds)],
    "drain-strategy": ["immediate"],
    "disable-hot-restart": [],
  };
}

/** Envoy's listener for the kubelet asks for it (proxy/pod-listener.ts). */
const DRAIN_HEADER = "x-trilith-drain";
