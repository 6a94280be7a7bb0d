/**
 * Gateways of our classes, be those accepted or not, without the parts that decide nothing here: statuses, labels and annotations may change and
 * nothing is translated again.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { NamespacedName, ProxyKey } from "../../model/index.ts";
import {
  canonicalAddress,
  gatewayGroup,
  type Gateway,
  type GatewayClass,
  type GatewaySpec,
  objectKey,
  objectKeyOf,
  type ObjectKey,
} from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { TranslateSettings } from "../settings.ts";
import type { OwnClass } from "./gateway-classes.ts";

export interface ManagedGateway extends NamespacedName {
  readonly key: ObjectKey;
  readonly generation: number;
  readonly createdAt?: string;
  readonly uid?: string;
  readonly proxy: ProxyKey;
  /** Its addresses are in their canonical form. */
  readonly spec: GatewaySpec;
}

export const gatewayKeyOf = ({ namespace, name }: NamespacedName): ObjectKey =>
  objectKey({ group: gatewayGroup, kind: "Gateway", namespace, name });

export function deriveManagedGateways(
  graph: Graph,
  gateways: Collection<Gateway>,
  classes: Collection<OwnClass>,
  settings: TranslateSettings,
): Collection<ManagedGateway> {
  return graph.derive({
    name: "translate/Gateways",
    key: (gateway: ManagedGateway) => gateway.key,
    from: gateways,
    reads: [classes],
    map: (gateway, read) => {
      const isOurs = read.pick(classes, classKeyOf(gateway.spec), (own) => own !== undefined);
      return isOurs ? [managedGatewayOf(gateway, settings)] : [];
    },
  });
}

export const classKeyOf = ({ gatewayClassName }: GatewaySpec): ObjectKey =>
  objectKey({ group: gatewayGroup, kind: "GatewayClass", name: gatewayClassName });

function managedGatewayOf(gateway: Gateway, settings: TranslateSettings): ManagedGateway {
  const { namespace, name, generation = 0, creationTimestamp, uid } = gateway.metadata;
  return {
    key: objectKeyOf(gateway),
    namespace,
    name,
    generation,
    ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
    ...(uid !== undefined && { uid }),
    proxy: settings.proxyOf({ namespace, name }),
    spec: withCanonicalAddresses(gateway.spec),
  };
}

/** From here on, addresses are compared as texts. */
const withCanonicalAddresses = (spec: GatewaySpec): GatewaySpec =>
  spec.addresses === undefined
    ? spec
    : {
        ...spec,
        addresses: spec.addresses.map((one) =>
          one.value === undefined || one.type !== "IPAddress" ? one : { ...one, value: canonicalAddress(one.value) },
        ),
      };

/** Gateways that nobody serves, because their class does not exist. Those of other controllers are no trap. */
export function deriveClasslessFindings(
  graph: Graph,
  gateways: Collection<Gateway>,
  gatewayClasses: Collection<GatewayClass>,
): Collection<Finding> {
  return graph.derive({
    name: "translate/ClasslessGatewayFindings",
    key: (finding: Finding) => finding.key,
    from: gateways,
    reads: [gatewayClasses],
    map: (gateway, read) => {
      const name = gateway.spec.gatewayClassName;
      if (read.pick(gatewayClasses, classKeyOf(gateway.spec), (gatewayClass) => gatewayClass !== undefined)) return [];
      const object = objectKeyOf(gateway);
      const path = "spec.gatewayClassName";
      const message = `there is no GatewayClass ${name}, so that nobody serves this Gateway`;
      return [findingOf({ object, severity: "error", code: "gateway-class-not-found", path, message })];
    },
  });
}
