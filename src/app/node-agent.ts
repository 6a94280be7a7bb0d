/**
 * Trilith on a node: has the kernel redirect the connections of the node's pods that ask for it, and says of a pod where that fails, and
 * why. It reads pods and writes Events, and nothing else of the cluster.
 */
import type { Logger } from "pino";
import { type AdminAddress, startHealthServer } from "../admin/index.ts";
import { type ApiClient, ResourceWatch } from "../kubernetes/index.ts";
import { SIDECAR_LABEL, SIDECAR_PORTS } from "../model/index.ts";
import {
  NetworkNamespaces,
  type RedirectedPod,
  redirectedPodOf,
  type RedirectionError,
  Redirections,
  type SentPod,
} from "../node/index.ts";
import { EventRecorder } from "../status/index.ts";
import { NodeMetrics } from "./node-metrics.ts";

export interface NodeAgentOptions {
  readonly client: ApiClient;
  /** Whose pods. */
  readonly node: string;
  readonly nodeAddresses: readonly string[];
  /** Of the agent: the name of its pod. */
  readonly instance: string;
  /** Where the container runtime pins the network namespaces of pods. */
  readonly networkNamespaces: string;
  /** For probes and Prometheus. */
  readonly health: AdminAddress;
  readonly log: Logger;
}

export interface NodeAgent {
  /** What is redirected stays so. */
  stop(): Promise<void>;
}

const AGENT_NAME = "trilith.dev/node";

export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { client, node, nodeAddresses, networkNamespaces: folder, health, log } = options;
  await using starting = new AsyncDisposableStack();
  const metrics = new NodeMetrics();
  const recorder = starting.use(eventRecorder(options, metrics));
  const namespaces = new NetworkNamespaces({ folder, nodeAddresses, sidecarPort: SIDECAR_PORTS.pod });
  const redirections = starting.use(
    new Redirections({
      apply: (addresses, rules) => namespaces.apply(addresses, rules),
      onRedirected: ({ key }) => {
        metrics.countRedirection();
        log.info({ pod: key }, "redirected");
      },
      onFailure: (pod, error) => {
        metrics.countFailure(error.code);
        tellFailure(recorder, log, pod, error);
      },
    }),
  );
  const pods = starting.use(
    new ResourceWatch<RedirectedPod | undefined>({
      client,
      resource: { group: "", version: "v1", plural: "pods" },
      labelSelector: `${SIDECAR_LABEL}=envoy`,
      fieldSelector: `spec.nodeName=${node}`,
      read: (object) => redirectedPodOf(object as SentPod),
      onChanges: (changes) => redirections.take(changes),
      onSynced: () => log.info({ node }, "the node's pods are known"),
      onProblem: (problem) => problem && log.error({ err: problem }, "the node's pods cannot be followed"),
    }),
  );
  starting.use(
    await startHealthServer(health, {
      notReady: () => (pods.isSynced ? undefined : "it reads the node's pods"),
      metrics: () => metrics.render(redirections.counts()),
    }),
  );
  const running = starting.move();
  return { stop: () => running.disposeAsync() };
}

const eventRecorder = ({ client, instance }: NodeAgentOptions, metrics: NodeMetrics): EventRecorder =>
  new EventRecorder({
    client,
    controllerName: AGENT_NAME,
    instance,
    onDropped: (cause) => metrics.countDropped(cause),
  });

function tellFailure(
  recorder: EventRecorder,
  log: Logger,
  pod: RedirectedPod,
  { code, message }: RedirectionError,
): void {
  const { key, namespace, name, uid, resourceVersion } = pod;
  log.warn({ pod: key, reason: code }, `a pod's connections are not redirected: ${message}`);
  const note = `Its connections cannot be redirected to its sidecar, and its workload is not started before they are: ${message}`;
  recorder.record(
    { apiVersion: "v1", kind: "Pod", namespace, name, uid, resourceVersion },
    { type: "Warning", reason: "RedirectionFailed", action: "Redirect", note },
  );
}
