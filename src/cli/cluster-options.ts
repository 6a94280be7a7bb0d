/** The options that name a cluster, as kubectl has them, and what they lead to: a client, or nothing where no cluster is asked for. */
import type { Command } from "commander";
import type { ClusterClient } from "../kubernetes/index.ts";
import { CliError } from "./cli-error.ts";

export interface ClusterOptions {
  readonly cluster?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

export function addClusterOptions(command: Command, namespaceHelp: string): Command {
  return command
    .option("--cluster", "ask a Kubernetes cluster: that of the kubeconfig's current context")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (by default what KUBECONFIG names, or ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig")
    .option("-n, --namespace <name>", namespaceHelp);
}

/** Whether a cluster is meant: by --cluster, or by whatever only a cluster has. */
export const meansCluster = ({ cluster, kubeconfig, context, namespace }: ClusterOptions): boolean =>
  cluster === true || kubeconfig !== undefined || context !== undefined || namespace !== undefined;

/** What `use` gives, with a client that is closed afterwards. What the API server refuses is one line for the person. */
export async function withCluster<Result>(
  { kubeconfig, context }: ClusterOptions,
  use: (client: ClusterClient) => Promise<Result>,
): Promise<Result> {
  const { ApiError, connectToCluster } = await import("../kubernetes/index.ts");
  try {
    using client = await connectToCluster({ kubeconfig, context, userAgent: "trilith-cli" });
    return await use(client);
  } catch (error) {
    if (error instanceof ApiError) throw new CliError(`the cluster: ${error.message}`, 2, error);
    throw error;
  }
}
