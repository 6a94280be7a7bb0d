/** How many of a Gateway's Envoys may be evicted at once, and how many there are as load comes and goes. */
import type { AutoscalingParameters, PodDisruptionBudgetParameters } from "../resources/index.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1/ */
export const disruptionSpec = (
  parameters: PodDisruptionBudgetParameters,
  selector: Readonly<Record<string, string>>,
): object => ({ ...parameters, selector: { matchLabels: selector } });

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ */
export function autoscalerSpec(
  { minReplicas, maxReplicas, targetCPUUtilizationPercentage }: AutoscalingParameters,
  deployment: string,
): object {
  const target = { type: "Utilization", averageUtilization: targetCPUUtilizationPercentage };
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment },
    minReplicas,
    maxReplicas,
    metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
  };
}
