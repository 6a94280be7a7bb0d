/**
 * GatewayParameters (trilith.dev): how the Envoys of Gateways run in a cluster, the Service in front of them, and how many hosts
 * their listeners are made for. A GatewayClass refers to one for all of its Gateways, a Gateway to one of its own; what is absent
 * says nothing, so that the other may.
 */
import type { JsonObject } from "../json.ts";
import type { NamespacedObject } from "./meta.ts";

export interface GatewayParameters extends NamespacedObject {
  readonly kind: "GatewayParameters";
  readonly spec: GatewayParametersSpec;
}

export interface GatewayParametersSpec {
  /** Of Envoy's pods; 1 unless stated. With `autoscaling` the autoscaler says how many. */
  readonly replicas?: number;
  /** Of the Envoy container. */
  readonly resources?: ContainerResources;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly priorityClassName?: string;
  readonly service?: ServiceParameters;
  readonly envoy?: EnvoyParameters;
  readonly podDisruptionBudget?: PodDisruptionBudgetParameters;
  readonly autoscaling?: AutoscalingParameters;
  readonly hosts?: HostsParameter;
  readonly overlays?: Overlays;
}

/**
 * How many hosts the Gateway's listeners are made for; Few unless stated. With Many, a change of a route costs a fraction of what
 * it does with Few, and each request somewhat more. The only field that counts on a machine, too.
 */
export type HostsParameter = "Few" | "Many";

/** Strategic merge patches, laid over what is made for a Gateway. */
export interface Overlays {
  readonly deployment?: Overlay;
  readonly service?: Overlay;
  readonly serviceAccount?: Overlay;
  readonly podDisruptionBudget?: Overlay;
  readonly horizontalPodAutoscaler?: Overlay;
}

export type Overlay = JsonObject;

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
export interface ContainerResources {
  readonly requests?: ResourceAmounts;
  readonly limits?: ResourceAmounts;
}

export interface ResourceAmounts {
  readonly cpu?: Quantity;
  readonly memory?: Quantity;
  readonly "ephemeral-storage"?: Quantity;
}

/** `500m`, `1Gi`, 2. */
export type Quantity = number | string;

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export interface Toleration {
  readonly key?: string;
  /** Equal unless stated. */
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  readonly tolerationSeconds?: number;
}

export interface ServiceParameters {
  /** LoadBalancer unless stated. */
  readonly type?: "LoadBalancer" | "NodePort" | "ClusterIP";
  readonly annotations?: Readonly<Record<string, string>>;
  /** Cluster unless stated; not of a ClusterIP. */
  readonly externalTrafficPolicy?: "Cluster" | "Local";
  /** Of a LoadBalancer alone. Kubernetes lets nobody change it in a Service. */
  readonly loadBalancerClass?: string;
  /** SingleStack unless stated. */
  readonly ipFamilyPolicy?: "SingleStack" | "PreferDualStack" | "RequireDualStack";
  /** The cluster's own unless stated. An address that a Gateway asks for decides about the first. */
  readonly ipFamilies?: readonly ("IPv4" | "IPv6")[];
}

export interface EnvoyParameters {
  readonly image?: string;
  readonly imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  /** Worker threads; 2 unless stated. */
  readonly concurrency?: number;
  /** `warning` unless stated. */
  readonly logLevel?: "trace" | "debug" | "info" | "warning" | "error" | "critical" | "off";
}

/** Exactly one of the two; a number of pods, or a share of them such as `25%`. */
export interface PodDisruptionBudgetParameters {
  readonly minAvailable?: number | string;
  readonly maxUnavailable?: number | string;
}

export interface AutoscalingParameters {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Of what the pods request. */
  readonly targetCPUUtilizationPercentage: number;
}
