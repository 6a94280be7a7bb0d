/**
 * A backend that Envoy itself calls by gRPC. Without an authority of its own Envoy would send the cluster's name, whose slashes
 * strict servers (nghttp2's) refuse as a protocol error.
 */
import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { GrpcServiceSchema } from "../generated/envoy/config/core/v3/grpc_service_pb.ts";
import type { GrpcService } from "../generated/envoy/config/core/v3/grpc_service_pb.ts";
import type { BackendKey } from "../model/index.ts";

export function grpcServiceOf(
  backend: BackendKey,
  timeout: Duration,
  metadata: readonly { readonly name: string; readonly value: string }[] = [],
): GrpcService {
  return create(GrpcServiceSchema, {
    targetSpecifier: { case: "envoyGrpc", value: { clusterName: backend, authority: authorityOf(backend) } },
    timeout,
    initialMetadata: metadata.map(({ name, value }) => ({ key: name, value })),
  });
}

/** `cart.shop:8080` of `Service/shop/cart/8080/h2`. */
function authorityOf(backend: BackendKey): string {
  const [, namespace = "", name = "", port = ""] = backend.split("/");
  return `${name}.${namespace}:${port}`;
}
