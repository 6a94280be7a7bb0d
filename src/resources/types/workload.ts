/**
 * Workload (trilith.dev): a program of this machine that is in the mesh. Only `trilith serve` reads it, from files: in a cluster, pods
 * are what it stands for. Its sidecar listens in its place, and calls Services for it: docs/mesh-standalone.md.
 */
import type { NamespacedObject } from "./meta.ts";

export interface Workload extends NamespacedObject {
  readonly kind: "Workload";
  readonly spec: WorkloadSpec;
}

export interface WorkloadSpec {
  /** With the namespace, who it is to others. */
  readonly serviceAccountName: string;
  /** IPv4, of this machine, and no other Workload's: where others reach it, and its sidecar listens. */
  readonly address: string;
  /** What it can be called on; without any it only calls others. */
  readonly ports?: readonly WorkloadPort[];
  readonly calls?: readonly WorkloadCall[];
}

export interface WorkloadPort {
  /** For Services whose `targetPort` is a name. */
  readonly name?: string;
  /** At `address`. */
  readonly port: number;
  /** At 127.0.0.1: where the program itself listens. */
  readonly localPort: number;
}

/** A port of a Service that the program calls. */
export interface WorkloadCall {
  readonly service: {
    /** Default: the Workload's own. */
    readonly namespace?: string;
    readonly name: string;
  };
  /** The Service's. */
  readonly port: number;
  /** At 127.0.0.1: where the sidecar listens for the program's calls. */
  readonly localPort: number;
}
