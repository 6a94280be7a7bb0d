/**
 * Whose spans a proxy sends, in OpenTelemetry's words. Its environment says it, in the variable that OpenTelemetry's own programs read: so the
 * configuration is the same for all proxies, and nobody need ask the cluster.
 *
 * https://opentelemetry.io/docs/specs/semconv/resource/k8s/, https://opentelemetry.io/docs/specs/semconv/resource/service/
 */

/** Not to be left out: without it, a proxy that is to send spans warns of that. */
export const RESOURCE_VARIABLE = "OTEL_RESOURCE_ATTRIBUTES";

export interface ProxyResource {
  readonly namespace: string;
  /** The workload that the proxy stands beside; absent at Gateways, of which one proxy may serve several. */
  readonly workload?: string;
  /** Where it runs; absent on a machine without a cluster. */
  readonly pod?: { readonly name: string; readonly uid: string; readonly node: string; readonly container: string };
}

/** A value of the variable. What is not known is left out. */
export function resourceAttributes({ namespace, workload, pod }: ProxyResource): string {
  const instance = pod ? [namespace, pod.name, pod.container] : [namespace, workload];
  const attributes = {
    "service.name": workload,
    "service.namespace": namespace,
    "service.instance.id": instance.filter(Boolean).join("."),
    ...(pod && {
      "k8s.namespace.name": namespace,
      "k8s.pod.name": pod.name,
      "k8s.pod.uid": pod.uid,
      "k8s.container.name": pod.container,
      "k8s.node.name": pod.node,
    }),
  };
  return Object.entries(attributes)
    .flatMap(([name, value]) => (value ? [`${name}=${value}`] : []))
    .join(",");
}
