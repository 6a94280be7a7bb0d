/** What of an AccessPolicy does less at its Gateways than somebody may think. */
import { type AccessPolicy, type GatewaySpec, objectKeyOf } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import { gatewaysOf, isOfClients } from "./derive-gateway-access.ts";
import { pathOfTarget, targetMissing } from "./policy-targets.ts";

/** One of our Gateways that the policy is about. */
interface Target {
  readonly name: string;
  /** Its place in `spec.targetRefs`. */
  readonly path: string;
  readonly spec: GatewaySpec;
}

/**
 * `specOf` a Gateway of the policy's namespace: "missing" where there is none, undefined where it is another controller's. `trustDomain`: of
 * the mesh whose workloads HTTP listeners take as such.
 */
export function gatewayFindings(
  policy: AccessPolicy,
  specOf: (gateway: string) => GatewaySpec | "missing" | undefined,
  trustDomain: string | undefined,
): Finding[] {
  const stated = gatewaysOf(policy).map((name) => ({
    name,
    path: pathOfTarget(policy, "Gateway", name),
    spec: specOf(name),
  }));
  const ours = stated.flatMap(({ spec, ...rest }): Target[] =>
    spec === undefined || spec === "missing" ? [] : [{ ...rest, spec }],
  );
  return [
    ...stated.flatMap(({ name, spec }) => (spec === "missing" ? [targetMissing(policy, "Gateway", name)] : [])),
    ...sourceFindings(policy, ours, trustDomain),
    ...ours.flatMap((target) => datagramFindings(policy, target)),
  ];
}

/** One of each source, for all Gateways of which it is true. */
function sourceFindings(policy: AccessPolicy, targets: readonly Target[], trustDomain: string | undefined): Finding[] {
  const withoutMembers = targets.filter(({ spec }) => trustDomain === undefined || !takesMembers(spec));
  const unproven = targets.filter(({ spec }) => !isValidating(spec));
  return (policy.spec.rules ?? []).flatMap(({ sources = [] }, rule) =>
    sources.flatMap((source, index) => {
      const path = `spec.rules[${rule}].sources[${index}]`;
      if (source.type === "Outside") return [];
      if (isOfClients(source)) {
        const isOfMesh = trustDomain !== undefined && source.identity?.startsWith(`spiffe://${trustDomain}/`);
        const where = isOfMesh ? withoutMembers.filter((target) => unproven.includes(target)) : unproven;
        return where.length === 0 ? [] : [nobodyProven(policy, where, path)];
      }
      return withoutMembers.length === 0 ? [] : [ofTheMesh(policy, withoutMembers, path, source.type)];
    }),
  );
}

const takesMembers = ({ listeners }: GatewaySpec): boolean => listeners.some(({ protocol }) => protocol === "HTTP");

/** On some port at least. */
function isValidating({ tls }: GatewaySpec): boolean {
  const { default: byDefault, perPort = [] } = tls?.frontend ?? {};
  const validations = [byDefault?.validation, ...perPort.map((port) => port.tls.validation)];
  return validations.some((validation) => validation?.mode === "AllowValidOnly");
}

const gatewaysNamed = (targets: readonly Target[]): string =>
  `${targets.length === 1 ? "Gateway" : "Gateways"} ${targets.map(({ name }) => name).join(", ")}`;

const ofTheMesh = (policy: AccessPolicy, targets: readonly Target[], path: string, type: string): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "warning",
    code: "access-policy-source-not-at-gateways",
    path,
    message: `callers of ${gatewaysNamed(targets)} have no identity of the mesh, so that a source of type ${type} is none of them`,
    advice: "Use type Identity, with the URI of a client certificate, or Outside",
  });

const nobodyProven = (policy: AccessPolicy, targets: readonly Target[], path: string): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "warning",
    code: "access-policy-without-validation",
    path,
    message: `no client certificates are validated by ${gatewaysNamed(targets)}, so that no caller has an identity there`,
    advice: "State spec.tls.frontend of the Gateway, with mode AllowValidOnly",
  });

function datagramFindings(policy: AccessPolicy, { name, path, spec }: Target): Finding[] {
  const datagrams = spec.listeners.filter(({ protocol }) => protocol === "UDP").map((listener) => listener.name);
  if (datagrams.length === 0) return [];
  return [
    findingOf({
      object: objectKeyOf(policy),
      severity: "warning",
      code: "access-policy-not-for-datagrams",
      path,
      message: `nothing is decided about datagrams, so that the policy does not protect ${datagrams.join(", ")} of Gateway ${name}`,
      advice: "Keep UDP listeners in another Gateway",
    }),
  ];
}
