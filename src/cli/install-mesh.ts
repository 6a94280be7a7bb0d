/** What the API server must know of the mesh: whom to ask about which new pods. */
import { type Installation, labels, type Manifest } from "./install-chart.ts";

const MESH = "trilith.dev/mesh";

export function meshManifests({ namespace, xMesh }: Installation): Manifest[] {
  const never = { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", namespace] };
  const notEnabled = { key: MESH, operator: "NotIn", values: ["enabled"] };
  const notDisabled = { key: MESH, operator: "NotIn", values: ["disabled"] };
  const enabled = { matchLabels: { [MESH]: "enabled" } };
  const webhook = (name: string, namespaceSelector: object, objectSelector: object): object => ({
    name: `${name}.mesh.trilith.dev`,
    namespaceSelector,
    objectSelector,
    clientConfig: { service: { name: "trilith", namespace, path: "/inject", port: 443 } },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" }],
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Fail",
    reinvocationPolicy: "IfNeeded",
    timeoutSeconds: 10,
  });
  return [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "trilith", labels },
      webhooks: [
        webhook("namespaces", { ...enabled, matchExpressions: [never] }, { matchExpressions: [notDisabled] }),
        webhook("pods", { matchExpressions: [never, notEnabled] }, enabled),
      ],
    },
    ...(xMesh ? [ourMesh] : []),
  ];
}

const ourMesh: Manifest = {
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XMesh",
  metadata: { name: "trilith", labels },
  spec: { controllerName: "trilith.dev/mesh-controller" },
};
