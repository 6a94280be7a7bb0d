/**
 * Workloads whose connections nobody redirects to their sidecars: where each sidecar listens instead. What happens to a connection
 * there is the same as where the kernel redirects.
 */
import type { ListenerKey, NamespacedName, ProxyKey, SocketKey } from "./keys.ts";
import type { BackendOrigin } from "./provenance.ts";
import type { Chain } from "./socket.ts";

/** One that has a sidecar on this machine. */
export interface Workload extends NamespacedName {
  /** Its sidecar. */
  readonly key: ProxyKey;
  readonly serviceAccount: string;
}

interface SocketOfWorkload {
  readonly key: SocketKey;
  readonly proxy: ProxyKey;
  /** Its place among listeners, by which a status tells of it. */
  readonly workload: ListenerKey;
  readonly address: string;
  readonly port: number;
}

/** Where others call it. */
export interface InboundSocket extends SocketOfWorkload {
  readonly kind: "inbound";
  /** Where the workload itself listens, at 127.0.0.1. */
  readonly localPort: number;
}

/** Where it calls a port of a Service. */
export interface OutboundSocket extends SocketOfWorkload {
  readonly kind: "outbound";
  readonly service: BackendOrigin;
  /** Those of the frontend. */
  readonly chains: readonly Chain[];
}

export type WorkloadSocket = InboundSocket | OutboundSocket;
