/** What of an AccessPolicy does less at a Gateway than somebody may think. */
import { type AccessPolicy, type GatewaySpec, objectKeyOf } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import { gatewaysOf, isOfClients } from "./derive-gateway-access.ts";

/** `specOf` a Gateway of the policy's namespace: "missing" where there is none, undefined where it is another controller's. */
export function gatewayFindings(
  policy: AccessPolicy,
  specOf: (gateway: string) => GatewaySpec | "missing" | undefined,
): Finding[] {
  const { targetRefs = [] } = policy.spec;
  return gatewaysOf(policy).flatMap((name) => {
    const spec = specOf(name);
    const index = targetRefs.findIndex((target) => target.kind === "Gateway" && target.name === name);
    if (spec === "missing") return [missing(policy, name, index)];
    return spec === undefined
      ? []
      : [...sourceFindings(policy, name, spec), ...datagramFindings(policy, index, name, spec)];
  });
}

function missing(policy: AccessPolicy, name: string, index: number): Finding {
  return findingOf({
    object: objectKeyOf(policy),
    severity: "error",
    code: "access-policy-target-not-found",
    path: `spec.targetRefs[${index}]`,
    message: `there is no Gateway ${policy.metadata.namespace}/${name}`,
    advice: "Name a Gateway of the policy's own namespace",
  });
}

function sourceFindings(policy: AccessPolicy, name: string, { tls }: GatewaySpec): Finding[] {
  const { default: byDefault, perPort = [] } = tls?.frontend ?? {};
  const validations = [byDefault?.validation, ...perPort.map((port) => port.tls.validation)];
  const isAnyValidated = validations.some((validation) => validation?.mode === "AllowValidOnly");
  return (policy.spec.rules ?? []).flatMap(({ sources = [] }, rule) =>
    sources.flatMap((source, index) => {
      const path = `spec.rules[${rule}].sources[${index}]`;
      if (!isOfClients(source)) return [ofTheMesh(policy, name, path, source.type)];
      return isAnyValidated || source.type === "Outside" ? [] : [nobodyProven(policy, name, path)];
    }),
  );
}

const ofTheMesh = (policy: AccessPolicy, name: string, path: string, type: string): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "warning",
    code: "access-policy-source-not-at-gateways",
    path,
    message: `callers of Gateway ${name} have no identity of the mesh, so that a source of type ${type} is none of them`,
    advice: "Use type Identity, with the URI of a client certificate, or Outside",
  });

const nobodyProven = (policy: AccessPolicy, name: string, path: string): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "warning",
    code: "access-policy-without-validation",
    path,
    message: `Gateway ${name} validates no client certificates, so that no caller has an identity there`,
    advice: "State spec.tls.frontend of the Gateway, with mode AllowValidOnly",
  });

function datagramFindings(policy: AccessPolicy, index: number, name: string, { listeners }: GatewaySpec): Finding[] {
  const datagrams = listeners.filter(({ protocol }) => protocol === "UDP").map((listener) => listener.name);
  if (datagrams.length === 0) return [];
  return [
    findingOf({
      object: objectKeyOf(policy),
      severity: "warning",
      code: "access-policy-not-for-datagrams",
      path: `spec.targetRefs[${index}]`,
      message: `nothing is decided about datagrams, so that the policy does not protect ${datagrams.join(", ")} of Gateway ${name}`,
      advice: "Keep UDP listeners in another Gateway",
    }),
  ];
}
