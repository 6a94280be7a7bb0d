/** Makes a client of the API server that the surroundings name: a kubeconfig where one is asked for, else the pod's own cluster. */
import { ApiError } from "./api-client.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { type ClusterClient, HttpClusterClient } from "./cluster-client.ts";
import { ClusterConnections } from "./http-connections.ts";
import { inClusterAccess, inClusterServer } from "./in-cluster.ts";
import { kubeconfigAccess } from "./kubeconfig.ts";

export interface ConnectOptions {
  /** A file. Default: what KUBECONFIG names, or `~/.kube/config`; only asked where there is no pod around, or `context` is given. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** A server and the files of a ServiceAccount, instead of those of this pod. */
  readonly inCluster?: { readonly server: URL; readonly folder: string };
  /** Default `trilith`. */
  readonly userAgent?: string;
  /** A connection without a byte for so long is asked for a sign of life, and closed after the same time again. Default 10 s. */
  readonly silenceMs?: number;
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
}

/** Does not connect yet. Rejects with an ApiError `unauthorized` where nothing says which server, or how to prove who asks. */
export async function connectToCluster(options: ConnectOptions = {}): Promise<ClusterClient> {
  const { userAgent = "trilith", silenceMs = 10_000, connectTimeoutMs = 10_000 } = options;
  const access = await accessOf(options);
  return new HttpClusterClient(access, new ClusterConnections({ access, silenceMs, connectTimeoutMs }), userAgent);
}

async function accessOf({ inCluster, kubeconfig, context }: ConnectOptions): Promise<ClusterAccess> {
  if (inCluster) return inClusterAccess(inCluster);
  const server = kubeconfig === undefined && context === undefined ? inClusterServer(process.env) : undefined;
  if (server) return inClusterAccess({ server });
  const access = await kubeconfigAccess({ kubeconfig, context });
  if (!/^https?:$/.test(access.server.protocol))
    throw new ApiError(
      "unauthorized",
      `the kubeconfig names the server ${access.server.href}, which is no http(s) URL`,
    );
  return access;
}
