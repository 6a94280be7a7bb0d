/**
 * The mesh as one replica serves it: who is in it, what its workloads prove themselves with, and whom they trust. What their proxies
 * are given comes from translation, as it does for Gateways' proxies.
 */
import type { Logger } from "pino";
import { type IdentityTimes, WorkloadCertificates, workloadTimesOf } from "../identity/index.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import { plainPorts } from "../mesh/index.ts";
import { type ProxyKey, SIDECAR_LABEL, sidecarKey, spiffeId } from "../model/index.ts";
import { followMemberPods, type Unread } from "../sources/index.ts";
import type { ClusterIdentity } from "./cluster-identity.ts";
import type { Engine } from "./engine.ts";
import type { Startup } from "./startup.ts";

export interface ClusterMeshOptions {
  readonly client: ApiClient;
  readonly engine: Engine;
  readonly identity: ClusterIdentity;
  readonly times: IdentityTimes;
  readonly trustDomain: string;
  /** Whether an Envoy of the proxy has a stream here. */
  readonly isConnected: (proxy: ProxyKey) => boolean;
  readonly awaits: Startup["awaits"];
  readonly log: Logger;
}

/** An account that proved itself. */
export interface ProvenAccount {
  readonly namespace: string;
  readonly name: string;
  readonly pod?: string;
}

/** Resolves when everybody who is in the mesh is known. */
export async function startClusterMesh(options: ClusterMeshOptions): Promise<Disposable> {
  const { client, engine, identity, trustDomain, awaits, log } = options;
  const { graph, driven } = engine;
  using starting = new DisposableStack();
  const synced = Promise.withResolvers<void>();
  let unread: readonly Unread[] = [{ what: MEMBERS }];
  awaits(() => unread);
  starting.use(
    followMemberPods({
      client,
      labelSelector: `${SIDECAR_LABEL}=envoy`,
      onSet: ({ excludedPorts, ...pod }) => driven.meshMembers.set({ ...pod, plainPorts: plainPorts(excludedPorts) }),
      onGone: (key) => driven.meshMembers.delete(key),
      batch: (step) => graph.batch(step),
      onSynced: () => {
        unread = [];
        synced.resolve();
      },
      onProblem: (problem) => {
        if (unread.length > 0) unread = [unreadMembers(problem)];
        if (problem) log.error({ err: problem }, `${MEMBERS} cannot be followed`);
      },
    }),
  );
  const workloads = starting.use(
    new WorkloadCertificates<ProxyKey>({
      times: workloadTimesOf(options.times),
      issue: (id, lifeMs) => identity.issueForWorkload(id, lifeMs),
      onIssued: (key, { certificate, key: privateKey }) =>
        driven.workloadCertificates.set({ key, certificateChain: certificate, privateKey }),
      isNeeded: options.isConnected,
      onForgotten: (key) => driven.workloadCertificates.delete(key),
      onProblem: (error) => log.error({ err: error }, "a workload's certificate cannot be made; the last one stays"),
    }),
  );
  const trust = (certificates: string): void => driven.meshTrust.set({ key: "trust", certificates });
  trust(identity.bundle);
  identity.onBundle(trust);
  // Gateways' proxies are members, too: as their own ServiceAccounts.
  identity.onAdmitted((proxy, { namespace, name }) => workloads.want(proxy, spiffeId(trustDomain, namespace, name)));
  await synced.promise;
  return starting.move();
}

const MEMBERS = "the pods of the mesh";

const unreadMembers = (problem: Error | undefined): Unread => ({
  what: MEMBERS,
  ...(problem && { problem: `${MEMBERS} cannot be followed: ${problem.message}` }),
});

/** The sidecar's proxy, where the account's token is of a pod in the mesh. */
export function sidecarOf({ driven }: Engine, { namespace, name, pod }: ProvenAccount): ProxyKey | undefined {
  const member = pod === undefined ? undefined : driven.meshMembers.get(`${namespace}/${pod}`);
  return member?.serviceAccount === name ? sidecarKey(namespace, name) : undefined;
}
