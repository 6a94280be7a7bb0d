/** Which endpoint of a cluster a request goes to, where its owner says so. */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  Cluster_LbPolicy as LbPolicy,
  LoadBalancingPolicySchema,
} from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { LoadBalancingPolicy } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  RouteAction_HashPolicy_ConnectionPropertiesSchema,
  RouteAction_HashPolicy_CookieSchema,
  RouteAction_HashPolicy_HeaderSchema,
  RouteAction_HashPolicySchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { RouteAction_HashPolicy } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { ConsistentHashingLbConfigSchema } from "../../generated/envoy/extensions/load_balancing_policies/common/v3/common_pb.ts";
import { RingHashSchema } from "../../generated/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts";
import type { HashKey, LoadBalancing } from "../../model/index.ts";
import { hashOfCallerName } from "../mesh/caller-name.ts";
import type { EnvoySettings } from "../settings.ts";

type Balanced = { readonly lbPolicy: LbPolicy } | { readonly loadBalancingPolicy: LoadBalancingPolicy };

export function balancedBy(loadBalancing: LoadBalancing, settings: EnvoySettings): Balanced {
  switch (loadBalancing.kind) {
    case "roundRobin":
      return { lbPolicy: LbPolicy.ROUND_ROBIN };
    case "leastRequest":
      return { lbPolicy: LbPolicy.LEAST_REQUEST };
    case "random":
      return { lbPolicy: LbPolicy.RANDOM };
    case "consistentHash":
      return { loadBalancingPolicy: hashedBy(hashPoliciesOf(loadBalancing.key, settings)) };
  }
}

/**
 * A ring, since it moves the fewest keys when endpoints change. The key is the cluster's and not the routes', as the legacy way would
 * have it, so that a policy changes no route.
 */
const hashedBy = (hashPolicy: RouteAction_HashPolicy[]): LoadBalancingPolicy =>
  create(LoadBalancingPolicySchema, {
    policies: [
      {
        typedExtensionConfig: {
          name: "envoy.load_balancing_policies.ring_hash",
          typedConfig: anyPack(
            RingHashSchema,
            create(RingHashSchema, {
              consistentHashingLbConfig: create(ConsistentHashingLbConfigSchema, { hashPolicy }),
            }),
          ),
        },
      },
    ],
  });

/** Without redirection, workloads call from one address, and are known by their names. */
const hashPoliciesOf = (key: HashKey, { redirection }: EnvoySettings): RouteAction_HashPolicy[] => [
  ...(key.kind === "sourceAddress" && !redirection ? [hashOfCallerName] : []),
  hashPolicyOf(key),
];

const hashPolicyOf = (key: HashKey): RouteAction_HashPolicy =>
  create(RouteAction_HashPolicySchema, { policySpecifier: specifierOf(key) });

function specifierOf(key: HashKey): RouteAction_HashPolicy["policySpecifier"] {
  switch (key.kind) {
    case "header":
      return { case: "header", value: create(RouteAction_HashPolicy_HeaderSchema, { headerName: key.name }) };
    case "cookie":
      return { case: "cookie", value: create(RouteAction_HashPolicy_CookieSchema, { name: key.name }) };
    case "sourceAddress":
      return {
        case: "connectionProperties",
        value: create(RouteAction_HashPolicy_ConnectionPropertiesSchema, { sourceIp: true }),
      };
  }
}
