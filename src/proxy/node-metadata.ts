/** What a sidecar says of its pod to the control plane, beside its name: which addresses the pod has. */

const FIELD = "podAddresses";

/** `addresses`: with commas between, as the kubelet puts them in the place of a variable. */
export const nodeMetadata = (addresses: string): Readonly<Record<string, unknown>> => ({ [FIELD]: addresses });

/** Whether the pod has an address of IPv6, as its sidecar says. One that says nothing is taken for one without. */
export function saysIPv6(
  node: { readonly metadata?: Readonly<Record<string, unknown>> | undefined } | undefined,
): boolean {
  const addresses = node?.metadata?.[FIELD];
  return typeof addresses === "string" && addresses.includes(":");
}
