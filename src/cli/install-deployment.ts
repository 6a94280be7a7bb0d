/** The Deployment of the controller: restricted in what it may, spread over nodes, never fewer replicas than asked for. */
import { type ChartValues, imageBeside, type Installation, labels, type Manifest, selector } from "./install-chart.ts";

/** A replica that goes is still led to until every node has heard of it: an Envoy, or the API server, that met it then would wait in vain. */
const SERVES_ON_SECONDS = 5;

export function controllerDeployment(installation: Installation, values: ChartValues): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "trilith", namespace: installation.namespace, labels },
    spec: {
      replicas: installation.replicas,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: podSpec(installation, values) },
    },
  };
}

function podSpec(installation: Installation, values: ChartValues): object {
  return {
    serviceAccountName: "trilith",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 30,
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: values.spread,
        labelSelector: { matchLabels: selector },
      },
    ],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container(installation, values)],
    volumes,
  };
}

function container(installation: Installation, { log, nodeOptions, resources }: ChartValues): object {
  return {
    name: "controller",
    image: installation.image,
    imagePullPolicy: installation.imagePullPolicy,
    args: [
      "controller",
      `--envoy-image=${installation.envoyImage}`,
      `--envoy-pull-policy=${installation.envoyPullPolicy}`,
      `--certificate-life=${installation.certificateLife}`,
      `--root-introduction=${installation.rootIntroduction}`,
      ...meshArguments(installation),
      `--log-level=${installation.logLevel}`,
      `--log-format=${log.format}`,
    ],
    env: [
      fromPod("POD_NAME", "metadata.name"),
      fromPod("POD_NAMESPACE", "metadata.namespace"),
      fromPod("POD_IP", "status.podIP"),
      ...ofNode(nodeOptions),
    ],
    ports: [
      { name: "xds", containerPort: 18000 },
      { name: "peers", containerPort: 18001 },
      { name: "admin", containerPort: 19000 },
      ...(installation.mesh ? [{ name: "pods", containerPort: 18443 }] : []),
    ],
    startupProbe: { httpGet: { path: "/healthz", port: "admin" }, periodSeconds: 1, failureThreshold: 60 },
    ...probes,
    lifecycle: { preStop: { sleep: { seconds: SERVES_ON_SECONDS } } },
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "api-access", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true },
      { name: "peer-token", mountPath: "/var/run/secrets/trilith.dev/peers", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function meshArguments(installation: Installation): string[] {
  if (!installation.mesh) return ["--no-mesh"];
  const { trustDomain, unknownDestinations, meshNetworks, meshAccessLog, redirection, captureImage } = installation;
  return [
    `--trust-domain=${trustDomain}`,
    `--unknown-destinations=${unknownDestinations}`,
    `--mesh-networks=${meshNetworks.join(",")}`,
    `--mesh-access-log=${meshAccessLog}`,
    `--redirection=${redirection}`,
    `--capture-image=${captureImage || imageBeside(installation, "capture")}`,
  ];
}

/** What Node.js is told. */
export const ofNode = (options: string): readonly object[] => [
  { name: "MALLOC_ARENA_MAX", value: "1" },
  { name: "NODE_OPTIONS", value: options },
];

export const fromPod = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });

/** Of whatever has the port `admin`. */
export const probes = {
  livenessProbe: {
    httpGet: { path: "/healthz", port: "admin" },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  },
  readinessProbe: { httpGet: { path: "/readyz", port: "admin" }, periodSeconds: 2, timeoutSeconds: 2 },
};

const volumes: readonly object[] = [
  {
    name: "api-access",
    projected: {
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
      ],
    },
  },
  {
    name: "peer-token",
    projected: {
      sources: [{ serviceAccountToken: { path: "token", audience: "trilith.dev/peers", expirationSeconds: 3600 } }],
    },
  },
  { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
];
