import { expect, test } from "vitest";
import type { JsonObject, Overlays } from "../../resources/index.ts";
import { overlayProblem } from "./overlay-problem.ts";

const podSpec = (spec: JsonObject): Overlays => ({ deployment: { spec: { template: { spec } } } });
const envoy = (fields: JsonObject): Overlays => podSpec({ containers: [{ name: "envoy", ...fields }] });

const helpful: Readonly<Record<string, Overlays>> = {
  "a sidecar with a volume of its own": podSpec({
    initContainers: [{ name: "warm", image: "warm:1", restartPolicy: "Always" }],
    containers: [{ name: "log", image: "log:1", volumeMounts: [{ name: "logs", mountPath: "/logs" }] }],
    volumes: [{ name: "logs", emptyDir: {} }],
  }),
  "more of Envoy's container": envoy({
    image: "envoy:2",
    env: [{ name: "TZ", value: "UTC" }],
    volumeMounts: [{ name: "logs", mountPath: "/logs" }],
    readinessProbe: { periodSeconds: 5 },
    resources: { limits: { "example.com/nic": 1 } },
  }),
  "where pods run": podSpec({
    affinity: { nodeAffinity: {} },
    topologySpreadConstraints: [{ topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" }],
    runtimeClassName: "gvisor",
    hostAliases: [{ ip: "192.0.2.1", hostnames: ["a"] }],
  }),
  "another sysctl beside ours": podSpec({
    securityContext: {
      runAsUser: 1000,
      sysctls: [
        { name: "net.ipv4.tcp_syncookies", value: "1" },
        { name: "net.ipv4.ip_unprivileged_port_start", value: "0" },
      ],
    },
  }),
  "labels and annotations": {
    deployment: {
      metadata: { labels: { team: "edge" } },
      spec: { template: { metadata: { annotations: { "prometheus.io/scrape": null } } } },
    },
    service: { metadata: { annotations: { "example.com/scheme": "internal" } } },
    serviceAccount: { metadata: { annotations: { "example.com/role": "edge" } } },
  },
  "how a Service behaves": {
    service: {
      spec: {
        loadBalancerSourceRanges: ["192.0.2.0/24"],
        sessionAffinity: "ClientIP",
        ports: [
          { port: 80, nodePort: 1 },
          { port: 9000, targetPort: 9000 },
        ],
      },
    },
  },
  "how pods are updated, evicted and scaled": {
    deployment: { spec: { strategy: { rollingUpdate: { maxSurge: "25%" } }, revisionHistoryLimit: 2 } },
    podDisruptionBudget: { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } },
    horizontalPodAutoscaler: { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 600 } } } },
  },
  nothing: { deployment: {}, service: {} },
};

test.each(Object.entries(helpful))("%s may be laid over what is made", (_, overlays) => {
  expect(overlayProblem(overlays)).toBeUndefined();
});

const SPEC = "overlays.deployment: spec.template.spec";
const KEPT = "may not be changed or taken away, since Trilith relies on it";
const harmful: readonly (readonly [Overlays, string])[] = [
  [envoy({ $patch: "delete" }), `${SPEC}.containers[name=envoy] ${KEPT}`],
  [podSpec({ containers: [{ $patch: "replace" }, { name: "a" }] }), `${SPEC}.containers[name=envoy] ${KEPT}`],
  [podSpec({ $patch: "replace", containers: [] }), `${SPEC}.serviceAccountName ${KEPT}`],
  [envoy({ args: ["--version"] }), `${SPEC}.containers[name=envoy].args ${KEPT}`],
  [envoy({ command: null }), `${SPEC}.containers[name=envoy].command ${KEPT}`],
  [envoy({ lifecycle: { preStop: { sleep: { seconds: 1 } } } }), `${SPEC}.containers[name=envoy].lifecycle ${KEPT}`],
  [envoy({ readinessProbe: { $patch: "delete" } }), `${SPEC}.containers[name=envoy].readinessProbe ${KEPT}`],
  [
    envoy({ volumeMounts: [{ name: "own", mountPath: "/etc/trilith" }] }),
    `${SPEC}.containers[name=envoy].volumeMounts[mountPath=/etc/trilith].name ${KEPT}`,
  ],
  [podSpec({ volumes: [{ name: "token", $patch: "delete" }] }), `${SPEC}.volumes[name=token] ${KEPT}`],
  [podSpec({ serviceAccountName: "admin" }), `${SPEC}.serviceAccountName ${KEPT}`],
  [podSpec({ terminationGracePeriodSeconds: 1 }), `${SPEC}.terminationGracePeriodSeconds ${KEPT}`],
  [
    podSpec({ securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "1024" }] } }),
    `${SPEC}.securityContext.sysctls[name=net.ipv4.ip_unprivileged_port_start].value ${KEPT}`,
  ],
  [{ deployment: { spec: { selector: { matchLabels: {} } } } }, `overlays.deployment: spec.selector ${KEPT}`],
  [{ deployment: { spec: { replicas: 3 } } }, `overlays.deployment: spec.replicas ${KEPT}`],
  [
    { deployment: { spec: { template: { metadata: { labels: { "gateway.networking.k8s.io/gateway-name": "b" } } } } } },
    `overlays.deployment: spec.template.metadata.labels.gateway.networking.k8s.io/gateway-name ${KEPT}`,
  ],
  [{ deployment: { spec: { $patch: "delete" } } }, `overlays.deployment: spec ${KEPT}`],
  [{ service: { spec: { type: "ClusterIP" } } }, `overlays.service: spec.type ${KEPT}`],
  [{ service: { spec: { selector: { app: "own" } } } }, `overlays.service: spec.selector ${KEPT}`],
  [
    { service: { spec: { ports: [{ port: 443, $patch: "delete" }] } } },
    `overlays.service: spec.ports[port=443] ${KEPT}`,
  ],
  [{ service: { spec: { ports: [{ $patch: "replace" }] } } }, `overlays.service: spec.ports ${KEPT}`],
  [{ service: { spec: { ports: null } } }, `overlays.service: spec.ports ${KEPT}`],
  [
    { service: { spec: { ports: [{ port: 443, targetPort: 8443 }] } } },
    `overlays.service: spec.ports[port=443].targetPort ${KEPT}`,
  ],
  [{ service: { spec: { clusterIP: "None" } } }, "overlays.service: spec.clusterIP is not for overlays to state"],
  [{ podDisruptionBudget: { spec: { selector: {} } } }, `overlays.podDisruptionBudget: spec.selector ${KEPT}`],
  [
    { horizontalPodAutoscaler: { spec: { scaleTargetRef: { name: "own" } } } },
    `overlays.horizontalPodAutoscaler: spec.scaleTargetRef ${KEPT}`,
  ],
  [
    { serviceAccount: { metadata: { name: "own" } } },
    "overlays.serviceAccount: metadata.name is not for overlays to state",
  ],
  [{ service: { kind: "ConfigMap" } }, "overlays.service: kind is not for overlays to state"],
  [{ service: { $patch: "delete" } }, `overlays.service: metadata ${KEPT}`],
  [
    podSpec({ containers: [{ image: "log:1" }] }),
    `${SPEC}.containers[] has an item without name, by which its items are merged`,
  ],
];

test.each(harmful)("%j is refused", (overlays, problem) => {
  expect(overlayProblem(overlays)).toBe(problem);
});
