/** What the roles of an installation allow and forbid, as a real API server decides: the controller's, the agents' on nodes, and the three owners'. */
import { describe, expect, inject, test } from "vitest";
import type { Manifest } from "../../src/cli/install-chart.ts";
import { defaultInstallation, manifestsOf, namespaceManifest } from "../../src/cli/install-manifests.ts";
import { resourcePath } from "../../src/kubernetes/index.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");

const installation = { ...defaultInstallation(), redirection: "Node" };

const PLURALS: Readonly<Record<string, string>> = {
  GatewayClass: "gatewayclasses",
  PodDisruptionBudget: "poddisruptionbudgets",
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
};

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  return resourcePath({ group, version, plural: PLURALS[kind] ?? `${kind.toLowerCase()}s`, ...metadata });
}

async function apply(manifest: Manifest): Promise<void> {
  const query = { fieldManager: "test", force: "true" };
  await cluster.client.request({ method: "PATCH", path: pathOf(manifest), query, patch: "apply", body: manifest });
}

/** Binds one of the owners' roles in a namespace, or everywhere, to a user of its name. */
async function bind(owner: string, namespace?: string): Promise<void> {
  const rbac = "rbac.authorization.k8s.io";
  await apply({
    apiVersion: `${rbac}/v1`,
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name: `owner-${owner}`, ...(namespace !== undefined && { namespace }) },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: `trilith-${owner}` },
    subjects: [{ apiGroup: rbac, kind: "User", name: owner }],
  });
}

const cluster = useControlPlane(async () => {
  await apply(namespaceManifest("trilith-system"));
  for (const name of ["shop", "bank"]) await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  for (const manifest of manifestsOf(installation)) await apply(manifest);
  await bind("infrastructure");
  await bind("platform", "shop");
  await bind("application", "shop");
  await bind("traffic", "shop");
});

const CONTROLLER = "system:serviceaccount:trilith-system:trilith";

/** "verb resource.group[/subresource] [namespace][/name]", with "-" for every namespace. */
async function may(user: string, question: string): Promise<boolean> {
  const [verb = "", what = "", where = "-"] = question.split(" ");
  const [resourceAndGroup = "", subresource = ""] = what.split("/");
  const [resource = "", ...group] = resourceAndGroup.split(".");
  const [namespace = "", name = ""] = where.split("/");
  const resourceAttributes = {
    verb,
    resource,
    group: group.join("."),
    subresource,
    name,
    namespace: namespace === "-" ? "" : namespace,
  };
  const { status } = await cluster.client.request<{ readonly status: { readonly allowed: boolean } }>({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user, groups: ["system:authenticated"], resourceAttributes },
    },
  });
  return status.allowed;
}

async function answers(user: string, questions: readonly string[]): Promise<Record<string, boolean>> {
  const given = await Promise.all(questions.map(async (question) => [question, await may(user, question)] as const));
  return Object.fromEntries(given);
}

const all = (questions: readonly string[], allowed: boolean): Record<string, boolean> =>
  Object.fromEntries(questions.map((question) => [question, allowed]));

/** The name of a pod as a workload of the installation would have it, where the namespace takes such a pod. */
async function podOf(kind: "Deployment" | "DaemonSet", namespace: string): Promise<string> {
  const workload = manifestsOf(installation).find((manifest) => manifest.kind === kind);
  const { template } = (workload as unknown as { spec: { template: { spec: object } } }).spec;
  const pod = await cluster.client.request<{ readonly metadata: { readonly name: string } }>({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: "All", fieldValidation: "Strict" },
    body: { apiVersion: "v1", kind: "Pod", metadata: { name: "try" }, spec: template.spec },
  });
  return pod.metadata.name;
}

const GATEWAY = "gateway.networking.k8s.io";

describe.skipIf(environment === undefined)("the controller", () => {
  const kinds =
    "gatewayclasses gateways listenersets httproutes grpcroutes tlsroutes tcproutes udproutes referencegrants backendtlspolicies";
  const allowed = kinds
    .split(" ")
    .map((plural) => `watch ${plural}.${GATEWAY} -`)
    .concat([
      ...["xbackends", "xbackendtrafficpolicies", "xtelemetrypolicies", "xmeshes"].flatMap((plural) => [
        `watch ${plural}.gateway.networking.x-k8s.io -`,
        `update ${plural}.gateway.networking.x-k8s.io/status shop`,
      ]),
      `update gatewayclasses.${GATEWAY}/status -`,
      `update gateways.${GATEWAY}/status shop`,
      `update httproutes.${GATEWAY}/status shop`,
      `update gateways.${GATEWAY}/finalizers shop`,
      "watch services -",
      "watch pods -",
      "watch namespaces -",
      "watch endpointslices.discovery.k8s.io -",
      "watch clustertrustbundles.certificates.k8s.io -",
      "watch customresourcedefinitions.apiextensions.k8s.io -",
      "watch gatewayparameters.trilith.dev -",
      "watch accesspolicies.trilith.dev -",
      "update accesspolicies.trilith.dev/status shop",
      "watch backendpolicies.trilith.dev -",
      "update backendpolicies.trilith.dev/status shop",
      "watch secrets shop/certificate",
      "list configmaps shop",
      "create tokenreviews.authentication.k8s.io -",
      "create events.events.k8s.io shop",
      "patch events.events.k8s.io shop",
      ...["deployments.apps", "services", "serviceaccounts", "configmaps", "poddisruptionbudgets.policy"].flatMap(
        (resource) => ["create", "patch", "delete"].map((verb) => `${verb} ${resource} shop`),
      ),
      "patch horizontalpodautoscalers.autoscaling shop",
      "create leases.coordination.k8s.io trilith-system",
      "update leases.coordination.k8s.io trilith-system/trilith",
      "create secrets trilith-system",
      "update secrets trilith-system/trilith-ca",
      "get secrets trilith-system/trilith-own-ca",
      "create clustertrustbundles.certificates.k8s.io -",
      "patch clustertrustbundles.certificates.k8s.io -/trilith-root",
    ]);
  const forbidden = [
    `update gateways.${GATEWAY} shop`,
    `delete gateways.${GATEWAY} shop`,
    `create httproutes.${GATEWAY} shop`,
    `patch httproutes.${GATEWAY} shop`,
    `create gatewayclasses.${GATEWAY} -`,
    `create referencegrants.${GATEWAY} shop`,
    `update referencegrants.${GATEWAY}/status shop`,
    "create secrets shop",
    "update secrets shop",
    "delete secrets trilith-system/trilith-ca",
    "update secrets trilith-system/another",
    "update secrets trilith-system/trilith-own-ca",
    "patch clustertrustbundles.certificates.k8s.io -/another",
    "update leases.coordination.k8s.io trilith-system/another",
    "create leases.coordination.k8s.io kube-system",
    "create pods shop",
    "create pods/exec shop",
    "get pods/log shop",
    "delete pods shop",
    "create serviceaccounts/token shop",
    "get services/proxy shop",
    "create daemonsets.apps shop",
    "update namespaces -",
    "get nodes -",
    "get nodes/proxy -",
    "impersonate users -",
    "create clusterrolebindings.rbac.authorization.k8s.io -",
    "create rolebindings.rbac.authorization.k8s.io shop",
    "escalate clusterroles.rbac.authorization.k8s.io -",
    "update customresourcedefinitions.apiextensions.k8s.io -",
    "update clustertrustbundles.certificates.k8s.io -",
    "create subjectaccessreviews.authorization.k8s.io -",
    "update validatingwebhookconfigurations.admissionregistration.k8s.io -",
  ];

  test("may do what it is for", async () => {
    expect(await answers(CONTROLLER, allowed)).toEqual(all(allowed, true));
  });

  test("may do nothing else", async () => {
    expect(await answers(CONTROLLER, forbidden)).toEqual(all(forbidden, false));
  });

  test("has pods that a namespace for restricted pods takes", async () => {
    expect(await podOf("Deployment", "trilith-system")).toBe("try");
  });

  test("can be kept to the Secrets and the Gateways of some namespaces", async () => {
    const kept = { ...installation, secretNamespaces: ["shop"], gatewayNamespaces: ["shop"] };
    for (const part of ["secrets", "gateways"]) {
      const path = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/trilith-${part}`;
      await cluster.client.request({ method: "DELETE", path });
    }
    for (const manifest of manifestsOf(kept)) await apply(manifest);
    const questions = ["get secrets", "create deployments.apps", "create services", "list deployments.apps"];
    const asked = questions.flatMap((question) => [`${question} shop`, `${question} bank`]);
    await expect
      .poll(() => answers(CONTROLLER, asked), { timeout: 10_000 })
      .toEqual({
        "get secrets shop": true,
        "get secrets bank": false,
        "create deployments.apps shop": true,
        "create deployments.apps bank": false,
        "create services shop": true,
        "create services bank": false,
        "list deployments.apps shop": true,
        "list deployments.apps bank": true,
      });
  });
});

describe.skipIf(environment === undefined)("the agent on a node", () => {
  const AGENT = "system:serviceaccount:trilith-node:trilith-node";

  test("may follow pods and write Events, and nothing else", async () => {
    const allowed = [
      "list pods -",
      "watch pods -",
      "create events.events.k8s.io shop",
      "patch events.events.k8s.io shop",
    ];
    const forbidden = [
      ...["create", "delete", "patch", "update"].map((verb) => `${verb} pods shop`),
      ...["exec", "log", "portforward", "status", "ephemeralcontainers"].map((part) => `create pods/${part} shop`),
      ...["secrets", "configmaps", "services"].map((plural) => `list ${plural} shop`),
      "get nodes -",
      "get nodes/proxy -",
      "create serviceaccounts/token trilith-node",
      "update daemonsets.apps trilith-node",
      "create tokenreviews.authentication.k8s.io -",
    ];
    expect(await answers(AGENT, [...allowed, ...forbidden])).toEqual({
      ...all(allowed, true),
      ...all(forbidden, false),
    });
  });

  test("is let into its own namespace, and would not be into the controller's", async () => {
    expect(await podOf("DaemonSet", "trilith-node")).toBe("try");
    await expect(podOf("DaemonSet", "trilith-system")).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe.skipIf(environment === undefined)("the owners", () => {
  test.each([
    [
      "infrastructure",
      [
        `create gatewayclasses.${GATEWAY} -`,
        "update gatewayparameters.trilith.dev bank",
        "create clustertrustbundles.certificates.k8s.io -",
        `list gateways.${GATEWAY} -`,
        `list httproutes.${GATEWAY} -`,
      ],
      [`create gateways.${GATEWAY} shop`, `update httproutes.${GATEWAY} shop`, "get secrets shop", "list pods -"],
    ],
    [
      "platform",
      [
        `create gateways.${GATEWAY} shop`,
        `delete listenersets.${GATEWAY} shop`,
        "create gatewayparameters.trilith.dev shop",
        "create accesspolicies.trilith.dev shop",
        `create referencegrants.${GATEWAY} shop`,
        "create xtelemetrypolicies.gateway.networking.x-k8s.io shop",
        `list httproutes.${GATEWAY} shop`,
      ],
      [
        `create gateways.${GATEWAY} bank`,
        `create gatewayclasses.${GATEWAY} -`,
        `update httproutes.${GATEWAY} shop`,
        `update gateways.${GATEWAY}/status shop`,
        "get secrets shop",
        "create deployments.apps shop",
      ],
    ],
    [
      "application",
      [
        ...[
          "httproutes",
          "grpcroutes",
          "tlsroutes",
          "tcproutes",
          "udproutes",
          "backendtlspolicies",
          "listenersets",
        ].map((plural) => `create ${plural}.${GATEWAY} shop`),
        "create xbackends.gateway.networking.x-k8s.io shop",
        "create accesspolicies.trilith.dev shop",
        "create backendpolicies.trilith.dev shop",
        `list gateways.${GATEWAY} shop`,
      ],
      [
        `create httproutes.${GATEWAY} bank`,
        "create accesspolicies.trilith.dev bank",
        `create gateways.${GATEWAY} shop`,
        `update gateways.${GATEWAY} shop`,
        `update httproutes.${GATEWAY}/status shop`,
        `create gatewayclasses.${GATEWAY} -`,
        "create gatewayparameters.trilith.dev shop",
        "get secrets shop",
      ],
    ],
    [
      "traffic",
      ["list pods shop", "create pods/portforward shop", "get pods/portforward shop"],
      [
        "create pods/portforward bank",
        "create pods/portforward trilith-system",
        "create pods/exec shop",
        "get pods/log shop",
        "delete pods shop",
        "get secrets shop",
        `list gateways.${GATEWAY} shop`,
      ],
    ],
  ])("%s may do its own part and no other's", async (owner, allowed, forbidden) => {
    expect(await answers(owner, [...allowed, ...forbidden])).toEqual({
      ...all(allowed, true),
      ...all(forbidden, false),
    });
  });

  test("nobody is given the controller's own answers unasked", async () => {
    const question = ["create pods/portforward trilith-system"];
    expect(await answers("application", question)).toEqual(all(question, false));
  });
});
