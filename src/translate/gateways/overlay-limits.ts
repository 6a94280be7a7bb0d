/**
 * What overlays must leave as it is, in the objects that are made for Gateways: what Envoy needs to start, to be found, to
 * serve and to drain, and what statuses are made of. Written as the objects themselves, as far as that goes; `src/app/
 * overlay-limits.test.ts` holds it against what provisioning makes. Everything else is the platform team's to change.
 */
import { gatewayNameLabel, type JsonObject, type Overlays } from "../../resources/index.ts";

/** In the place of a value that no overlay may change, whatever it is. */
export const KEPT = "(kept)";

const labels = {
  [gatewayNameLabel]: KEPT,
  "gateway.networking.k8s.io/gateway-class-name": KEPT,
  "app.kubernetes.io/managed-by": KEPT,
} as const;

const podSpec: JsonObject = {
  serviceAccountName: KEPT,
  // Drained for less time, requests would be lost.
  terminationGracePeriodSeconds: KEPT,
  // Without it, no listener could have a port below 1024.
  securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] },
  containers: [
    {
      name: "envoy",
      command: KEPT,
      args: KEPT,
      env: [{ name: "POD_NAME", valueFrom: KEPT }],
      readinessProbe: { httpGet: KEPT },
      lifecycle: KEPT,
      volumeMounts: [
        { mountPath: "/etc/trilith", name: "files" },
        { mountPath: "/run/trilith", name: "run" },
        { mountPath: "/var/run/secrets/trilith.dev/token", name: "token" },
      ],
    },
  ],
  volumes: [
    { name: "files", configMap: KEPT },
    { name: "run", emptyDir: KEPT },
    { name: "token", projected: KEPT },
  ],
};

export const KEPT_IN: Readonly<Record<keyof Overlays, JsonObject>> = {
  deployment: {
    metadata: { labels },
    spec: {
      replicas: KEPT,
      selector: KEPT,
      template: {
        metadata: {
          labels: { ...labels, "trilith.dev/mesh": KEPT },
          annotations: { "trilith.dev/files": KEPT },
        },
        spec: podSpec,
      },
    },
  },
  service: {
    metadata: { labels },
    spec: { type: KEPT, selector: KEPT },
  },
  serviceAccount: { metadata: { labels } },
  podDisruptionBudget: { metadata: { labels }, spec: { selector: KEPT } },
  horizontalPodAutoscaler: { metadata: { labels }, spec: { scaleTargetRef: KEPT } },
};

/** Fields that an overlay may not even state, below `spec`: the Gateway's addresses come from them. */
export const REFUSED_IN: Readonly<Partial<Record<keyof Overlays, readonly string[]>>> = {
  service: ["clusterIP", "clusterIPs", "loadBalancerIP", "externalName"],
};

/** Nor these, of the object itself. */
export const REFUSED_FIELDS: readonly string[] = ["apiVersion", "kind", "status"];

/** Of metadata, these alone. */
export const METADATA_FIELDS: readonly string[] = ["labels", "annotations"];
