/**
 * Gateways of our classes, without the parts that decide nothing here: statuses, labels and annotations may change and
 * nothing is translated again.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { NamespacedName, ProxyKey } from "../../model/index.ts";
import {
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
      const accepted = read.pick(classes, classKeyOf(gateway), (own) => own?.accepted.status === "True");
      return accepted ? [managedGatewayOf(gateway, settings)] : [];
    },
  });
}

const classKeyOf = ({ spec }: Gateway): ObjectKey =>
  objectKey({ group: gatewayGroup, kind: "GatewayClass", name: spec.gatewayClassName });

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
    spec: gateway.spec,
  };
}

/** Gateways that nobody serves, because their class does not exist or is refused. Those of other controllers are no trap. */
export function deriveClasslessFindings(
  graph: Graph,
  gateways: Collection<Gateway>,
  gatewayClasses: Collection<GatewayClass>,
  classes: Collection<OwnClass>,
): Collection<Finding> {
  return graph.derive({
    name: "translate/ClasslessGatewayFindings",
    key: (finding: Finding) => finding.key,
    from: gateways,
    reads: [gatewayClasses, classes],
    map: (gateway, read) => {
      const key = classKeyOf(gateway);
      const name = gateway.spec.gatewayClassName;
      const exists = read.pick(gatewayClasses, key, (gatewayClass) => gatewayClass !== undefined);
      const refused = read.pick(classes, key, (own) => own?.accepted.status === "False");
      const object = objectKeyOf(gateway);
      const path = "spec.gatewayClassName";
      if (refused) {
        const message = `GatewayClass ${name} is not accepted, so that nobody serves this Gateway`;
        return [findingOf({ object, severity: "error", code: "gateway-class-not-accepted", path, message })];
      }
      if (exists) return [];
      const message = `there is no GatewayClass ${name}, so that nobody serves this Gateway`;
      return [findingOf({ object, severity: "error", code: "gateway-class-not-found", path, message })];
    },
  });
}
