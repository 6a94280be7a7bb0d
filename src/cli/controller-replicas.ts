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
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
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

export interface UnreadyReplica {
  /** The pod's name. */
  readonly replica: string;
  /** As the replica says it, or why it could not be asked. */
  readonly why: string;
}

/** What the replicas that are not ready wait for. Of whom one may not see the pods, there are none. */
export async function unreadyReplicas(client: ClusterClient, installation: string): Promise<readonly UnreadyReplica[]> {
  const { ApiError, askPod } = await import("../kubernetes/index.ts");
  const pods = await replicaPods(client, installation).catch((error: unknown) => {
    if (error instanceof ApiError && (error.code === "forbidden" || error.code === "notFound")) return [];
    throw error;
  });
  const unready = pods.filter((pod) => !isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  return await Promise.all(
    unready.map(async ({ metadata: { name: replica } }) => {
      const at = { namespace: installation, pod: replica, port: ADMIN_PORT };
      const why = await askPod(client, at, "/readyz", UNREADY_TIMEOUT_MS).then(
        () => "it has just become ready",
        (error: unknown) => String(error instanceof Error ? error.message : error),
      );
      return { replica, why };
    }),
  );
}

const UNREADY_TIMEOUT_MS = 5_000;

async function replicaPods(client: ClusterClient, namespace: string): Promise<readonly Pod[]> {
  const { listResources } = await import("../kubernetes/index.ts");
  const location = { group: "", version: "v1", plural: "pods", namespace };
  return await listResources<Pod>(client, location, { labelSelector: REPLICAS });
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;

async function readyReplicas(client: ClusterClient, namespace: string): Promise<readonly string[]> {
  const ready = (await replicaPods(client, namespace)).filter(isReady);
  if (ready.length === 0)
    throw new CliError(
      `no replica of Trilith's controller is ready in namespace ${namespace}; name where it is installed with --installation`,
    );
  return ready.map(({ metadata }) => metadata.name);
}
