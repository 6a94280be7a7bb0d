/**
 * The manifests of an installation, as plain data: what `helm install` of charts/trilith makes with the same values. Rules of roles
 * and defaults are read from the chart, so they stand once; the other objects are written here and there, and a test holds them
 * equal (docs/decisions/installation.md). Nothing is sent anywhere.
 */
import { parse, parseAllDocuments } from "yaml";
import {
  chartFiles,
  chartValues,
  type Installation,
  labels,
  type Manifest,
  readChart,
  selector,
} from "./install-chart.ts";
import { controllerDeployment } from "./install-deployment.ts";
import { meshManifests } from "./install-mesh.ts";
import { nodeManifests } from "./install-node.ts";
import { VERSION } from "./version.ts";

/** As the chart installs when nothing is set. */
export function defaultInstallation(): Installation {
  const { replicas, image, envoy, identity, mesh, log } = chartValues();
  return {
    namespace: "trilith-system",
    replicas,
    image: `${image.repository}:${image.tag || VERSION}`,
    imagePullPolicy: image.pullPolicy,
    envoyImage: envoy.image,
    envoyPullPolicy: envoy.pullPolicy,
    certificateLife: identity.certificateLife,
    rootIntroduction: identity.rootIntroduction,
    mesh: mesh.enabled,
    trustDomain: mesh.trustDomain,
    unknownDestinations: mesh.unknownDestinations,
    meshNetworks: mesh.networks,
    redirection: mesh.redirection,
    meshAccessLog: mesh.accessLog,
    captureImage: mesh.captureImage,
    nodeImage: mesh.node.image,
    networkNamespaces: mesh.node.networkNamespaces,
    xMesh: mesh.xMesh,
    logLevel: log.level,
    gatewayClass: true,
    crds: true,
    secretNamespaces: [],
    gatewayNamespaces: [],
  };
}

/** In an order in which they can be applied. */
export function manifestsOf(installation: Installation): readonly Manifest[] {
  return [
    ...(installation.crds ? crds() : []),
    ...controllerRoles(installation),
    ...ownerRoles(installation),
    ...controller(installation),
    ...(installation.mesh ? meshManifests(installation) : []),
    ...(installation.mesh && installation.redirection === "Node" ? nodeManifests(installation, chartValues()) : []),
    ...(installation.gatewayClass ? [gatewayClass] : []),
  ];
}

/** The namespace of the installation, which Helm makes by itself: for restricted pods alone. */
export function namespaceManifest(name: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  };
}

function controller(installation: Installation): Manifest[] {
  const metadata = { name: "trilith", namespace: installation.namespace, labels };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        selector,
        ports: [
          { name: "xds", port: 18000, targetPort: "xds", appProtocol: "grpc" },
          { name: "peers", port: 18001, targetPort: "peers", appProtocol: "https" },
          { name: "admin", port: 19000, targetPort: "admin", appProtocol: "http" },
          ...(installation.mesh ? [{ name: "pods", port: 443, targetPort: "pods", appProtocol: "https" }] : []),
        ],
      },
    },
    controllerDeployment(installation, chartValues()),
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    },
  ];
}

const gatewayClass: Manifest = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: "trilith", labels },
  spec: { controllerName: "trilith.dev/gateway-controller" },
};

const RBAC = "rbac.authorization.k8s.io";

function controllerRoles(installation: Installation): Manifest[] {
  const { namespace, mesh, secretNamespaces, gatewayNamespaces } = installation;
  return [
    ...["cluster", "secrets", "gateways", ...(mesh ? ["mesh"] : [])].map((part) => roleOf("ClusterRole", part)),
    binding("ClusterRoleBinding", "ClusterRole", "cluster", namespace),
    ...(mesh ? [binding("ClusterRoleBinding", "ClusterRole", "mesh", namespace)] : []),
    ...bindings("secrets", secretNamespaces, namespace),
    ...bindings("gateways", gatewayNamespaces, namespace),
    roleOf("Role", "installation", namespace),
    binding("RoleBinding", "Role", "installation", namespace, namespace),
  ];
}

function ownerRoles({ namespace }: Installation): Manifest[] {
  return [
    roleOf("ClusterRole", "infrastructure"),
    roleOf("ClusterRole", "platform"),
    roleOf("ClusterRole", "application", undefined, { [`${RBAC}/aggregate-to-edit`]: "true" }),
    roleOf("ClusterRole", "view", undefined, { [`${RBAC}/aggregate-to-view`]: "true" }),
    roleOf("ClusterRole", "traffic"),
    roleOf("Role", "diagnostics", namespace),
  ];
}

function roleOf(
  kind: "Role" | "ClusterRole",
  part: string,
  namespace?: string,
  more: Readonly<Record<string, string>> = {},
): Manifest {
  const metadata = {
    name: `trilith-${part}`,
    ...(namespace !== undefined && { namespace }),
    labels: { ...labels, ...more },
  };
  return { apiVersion: `${RBAC}/v1`, kind, metadata, rules: parse(readChart(`rules/${part}.yaml`)) as unknown };
}

/** One for all namespaces, or one in each that is named. */
function bindings(part: string, namespaces: readonly string[], installedIn: string): Manifest[] {
  if (namespaces.length === 0) return [binding("ClusterRoleBinding", "ClusterRole", part, installedIn)];
  return namespaces.map((namespace) => binding("RoleBinding", "ClusterRole", part, installedIn, namespace));
}

function binding(
  kind: "RoleBinding" | "ClusterRoleBinding",
  role: "Role" | "ClusterRole",
  part: string,
  installedIn: string,
  namespace?: string,
): Manifest {
  const name = `trilith-${part}`;
  return {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }), labels },
    roleRef: { apiGroup: RBAC, kind: role, name },
    subjects: [{ kind: "ServiceAccount", name: "trilith", namespace: installedIn }],
  };
}

function crds(): Manifest[] {
  return chartFiles("crds")
    .flatMap((file) => parseAllDocuments(readChart(file)).map((document) => document.toJS() as Manifest | null))
    .filter((manifest) => manifest !== null);
}
