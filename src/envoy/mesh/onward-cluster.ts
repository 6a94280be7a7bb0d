/** Clusters without endpoints of their own: each connection goes to where it was going before the kernel redirected it. */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  Cluster_DiscoveryType as DiscoveryType,
  Cluster_LbPolicy as LbPolicy,
  ClusterSchema,
} from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { Cluster } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  HttpProtocolOptions_UseDownstreamHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from "../../generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { HTTP1_IDLE_SECONDS } from "../clusters/cluster.ts";
import { seconds } from "../duration.ts";
import { CONNECTION_BUFFER_BYTES } from "../listeners/listener.ts";

/** A peer that does not take a connection within it is as good as gone. */
const CONNECT_SECONDS = 5;

export const onwardCluster = (name: string, more: MessageInitShape<typeof ClusterSchema> = {}): Cluster =>
  create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: DiscoveryType.ORIGINAL_DST },
    lbPolicy: LbPolicy.CLUSTER_PROVIDED,
    connectTimeout: seconds(CONNECT_SECONDS),
    perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyPack(HttpProtocolOptionsSchema, asCallers),
    },
    ...more,
  });

/** A workload is spoken to as it was called; an idle connection goes before the workload may close it under a request. */
const asCallers = create(HttpProtocolOptionsSchema, {
  commonHttpProtocolOptions: { idleTimeout: seconds(HTTP1_IDLE_SECONDS) },
  upstreamProtocolOptions: {
    case: "useDownstreamProtocolConfig",
    value: create(HttpProtocolOptions_UseDownstreamHttpConfigSchema, {
      httpProtocolOptions: {},
      http2ProtocolOptions: {},
    }),
  },
});
