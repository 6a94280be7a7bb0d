/**
 * The agent on each node, in a namespace of its own: it needs what the standard for restricted pods forbids, and the controller's namespace
 * is to go on forbidding it.
 */
import { parse } from "yaml";
import {
  type ChartValues,
  imageBeside,
  type Installation,
  labels as ofController,
  type Manifest,
  readChart,
} from "./install-chart.ts";
import { fromPod, ofNode, probes } from "./install-deployment.ts";

const NAME = "trilith-node";
const component = { "app.kubernetes.io/component": "node" };
const labels = { ...ofController, ...component };
const selector = { "app.kubernetes.io/name": "trilith", ...component };
const metadata = { name: NAME, namespace: NAME, labels };
const RBAC = "rbac.authorization.k8s.io";

export function nodeManifests(installation: Installation, values: ChartValues): Manifest[] {
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: NAME, labels: { ...labels, "pod-security.kubernetes.io/enforce": "privileged" } },
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRole",
      metadata: { name: NAME, labels },
      rules: parse(readChart("rules/node.yaml")) as unknown,
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: NAME, labels },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME, namespace: NAME }],
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata,
      spec: {
        selector: { matchLabels: selector },
        updateStrategy: { type: "RollingUpdate" },
        template: { metadata: { labels }, spec: podSpec(installation, values) },
      },
    },
  ];
}

function podSpec(installation: Installation, values: ChartValues): object {
  const { nodeSelector, tolerations, priorityClassName } = values.mesh.node;
  return {
    serviceAccountName: NAME,
    automountServiceAccountToken: true,
    terminationGracePeriodSeconds: 10,
    nodeSelector,
    tolerations,
    priorityClassName,
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    containers: [container(installation, values)],
    volumes: [
      {
        name: "network-namespaces",
        hostPath: { path: installation.networkNamespaces, type: "DirectoryOrCreate" },
      },
    ],
  };
}

function container(installation: Installation, { log, nodeOptions, mesh }: ChartValues): object {
  return {
    name: "node",
    image: installation.nodeImage || imageBeside(installation, "node"),
    imagePullPolicy: installation.imagePullPolicy,
    args: [
      "node",
      `--network-namespaces=${installation.networkNamespaces}`,
      `--log-level=${installation.logLevel}`,
      `--log-format=${log.format}`,
    ],
    env: [
      fromPod("NODE_NAME", "spec.nodeName"),
      fromPod("HOST_IPS", "status.hostIPs"),
      fromPod("POD_NAME", "metadata.name"),
      ...ofNode(nodeOptions),
    ],
    ports: [{ name: "admin", containerPort: 19000 }],
    ...probes,
    resources: mesh.node.resources,
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "SYS_ADMIN"] },
    },
    volumeMounts: [
      {
        name: "network-namespaces",
        mountPath: installation.networkNamespaces,
        readOnly: true,
        mountPropagation: "HostToContainer",
      },
    ],
  };
}
