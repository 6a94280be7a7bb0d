/**
 * The Deployment of a Gateway's Envoys. Pods satisfy the restricted pod security standard: no root, nothing written but to
 * memory, no capability.
 *
 * A pod that ends is first taken out of its Service, while its preStop hook keeps it and lets it drain; a rolling update makes a
 * new pod before it ends an old one. So no request is lost (docs/decisions/proxy-drain.md).
 *
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
import type { Installation, PodSettings, POD_PATHS } from "./wish.ts";

export interface DeploymentWish {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly pod: PodSettings;
  readonly installation: Installation;
  readonly paths: typeof POD_PATHS;
}

/** Beyond the time to drain, until the kubelet kills. */
const GRACE_SECONDS = 20;
const TOKEN_SECONDS = 3600;

export function deploymentSpec(wish: DeploymentWish): object {
  const { labels, annotations, selector } = wish;
  return {
    replicas: 1,
    selector: { matchLabels: selector },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: { metadata: { labels, annotations }, spec: podSpec(wish) },
  };
}

function podSpec(wish: DeploymentWish): object {
  const { name, selector, pod, installation } = wish;
  return {
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

function envoyContainer({ pod, installation, paths }: DeploymentWish): object {
  const ready = { httpGet: { path: "/ready", port: pod.port, scheme: "HTTP" } };
  return {
    name: "envoy",
    image: installation.image,
    imagePullPolicy: installation.imagePullPolicy,
    command: ["envoy"],
    args: Object.entries(argumentsOf(pod, paths)).flatMap(([option, value]) => [`--${option}`, ...value]),
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } }],
    ports: [{ name: "metrics", containerPort: pod.port, protocol: "TCP" }],
    resources: { requests: { cpu: "10m", memory: "64Mi" } },
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

/** Envoy takes an option and its value as two arguments. */
function argumentsOf({ drainSeconds }: PodSettings, { bootstrap }: typeof POD_PATHS): Record<string, string[]> {
  return {
    "config-path": [bootstrap],
    "service-node": ["$(POD_NAME)"],
    "log-level": ["warning"],
    concurrency: ["2"],
    "drain-time-s": [String(drainSeconds)],
    "drain-strategy": ["immediate"],
    "disable-hot-restart": [],
  };
}

/** Envoy's listener for the kubelet asks for it (proxy/pod-listener.ts). */
const DRAIN_HEADER = "x-trilith-drain";
