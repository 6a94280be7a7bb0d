/**
 * What the kubelet asks of a workload of the mesh, and how its sidecar passes that on: the workload may refuse whoever has no identity, and
 * the kubelet has none. A sidecar answers on ports that are not redirected, for these questions and for nothing else.
 */

/** Where the sidecar is asked; ports of gRPC follow each other, one for each probe. */
export const PROBE_PORTS = { http: 15_021, firstGrpc: 15_030 } as const;

/** As many probes as ports can be set aside for. */
export const MAX_GRPC_PROBES = 16;

export type WorkloadProbe =
  | {
      readonly kind: "http";
      /** Asked of the sidecar, with GET. */
      readonly asked: string;
      /** Of the workload. */
      readonly port: number;
      /** With its query. */
      readonly path: string;
      readonly overTls: boolean;
    }
  /** Whether a connection can be made: 200 or 503. */
  | { readonly kind: "tcp"; readonly asked: string; readonly port: number }
  /** The service that is asked about stands in the question. */
  | { readonly kind: "grpc"; readonly askedPort: number; readonly port: number };
