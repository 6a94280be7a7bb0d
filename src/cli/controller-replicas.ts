/**
 * Asks the replicas of the controller in a cluster through their admin APIs. Those listen on loopback of their pods, so each is reached
 * as `kubectl port-forward` reaches it, and whoever asks needs what the Role `trilith-diagnostics` allows.
 */
import type { Command } from "commander";
import type { ClusterClient } from "../kubernetes/index.ts";
import { CliError } from "./cli-error.ts";

const DEFAULT_INSTALLATION = "trilith-system";

export const addInstallationOption = (command: Command): Command =>
  command.option("--installation <namespace>", "where Trilith is installed in the cluster", DEFAULT_INSTALLATION);

const REPLICAS = "app.kubernetes.io/name=trilith,app.kubernetes.io/component=controller";
const ADMIN_PORT = 19_001;

export interface ReplicaAnswer<Answer> {
  /** The pod's name. */
  readonly replica: string;
  readonly answer: Answer;
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * What every replica that is ready answers; at least one. `installation` is the namespace of Trilith. A replica that goes while it
 * is asked is left out.
 */
export async function askReplicas<Answer>(
  client: ClusterClient,
  installation: string,
  path: string,
): Promise<readonly ReplicaAnswer<Answer>[]> {
  const { askPod } = await import("../kubernetes/index.ts");
  const replicas = await readyReplicas(client, installation);
  const asked = await Promise.allSettled(
    replicas.map(async (replica): Promise<ReplicaAnswer<Answer>> => {
      const text = await askPod(client, { namespace: installation, pod: replica, port: ADMIN_PORT }, path);
      return { replica, answer: JSON.parse(text) as Answer };
    }),
  );
  const answers = asked.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  if (answers.length > 0) return answers;
  throw asked.find((outcome) => outcome.status === "rejected")?.reason;
}

async function readyReplicas(client: ClusterClient, namespace: string): Promise<readonly string[]> {
  const { listResources } = await import("../kubernetes/index.ts");
  const location = { group: "", version: "v1", plural: "pods", namespace };
  const pods = await listResources<Pod>(client, location, { labelSelector: REPLICAS });
  const ready = pods.filter(({ status }) =>
    status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True"),
  );
  if (ready.length === 0)
    throw new CliError(
      `no replica of Trilith's controller is ready in namespace ${namespace}; name where it is installed with --installation`,
    );
  return ready.map(({ metadata }) => metadata.name);
}
