/**
 * The mesh on one machine: who is in it, what its workloads prove themselves with, and whom they trust, with keys in files of the state
 * directory in the place of a cluster's. What their proxies are given comes from translation, as it does in a cluster.
 *
 * Nothing is made, and nobody listens, before there is a workload. Nor is what makes certificates loaded, which takes several MiB
 * that a gateway alone never needs.
 */
import { join } from "node:path";
import type { Logger } from "pino";
import type * as identityRoom from "../identity/index.ts";
import type { LocalTokens, RefusalReason, WorkloadCertificates } from "../identity/index.ts";
import { type ProxyKey, sidecarKey, spiffeId } from "../model/index.ts";
import type { ProxyEvent, StateDirectory } from "../proxy/index.ts";
import { startAdsServer } from "../transport/index.ts";
import type { Diagnostic } from "./diagnosis.ts";
import type { Engine } from "./engine.ts";
import { logProxyEvent } from "./event-log.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";
import type { Sidecars } from "./sidecars.ts";
import { LOCAL_GATEWAYS, LOCAL_PROXY, LOCAL_TRUST_DOMAIN } from "./standalone-settings.ts";

export interface StandaloneMeshOptions {
  readonly engine: Engine;
  readonly fleet: ProxyFleet;
  readonly directory: StateDirectory;
  readonly envoyPath: string;
  /** Of each sidecar. */
  readonly concurrency?: number;
  /** Default: a day. */
  readonly certificateLifeMs?: number;
  readonly log: Logger;
  /** A sidecar, or somebody who says so, was turned away. */
  readonly onRefused: (reason: RefusalReason) => void;
  readonly onSidecarEvent: (workload: string, event: ProxyEvent) => void;
}

const SIDECAR_THREADS = 2;

export class StandaloneMesh {
  readonly #options: StandaloneMeshOptions;
  readonly #running = new AsyncDisposableStack();
  #opening: Promise<Sidecars> | undefined;
  #sidecars: Sidecars | undefined;

  constructor(options: StandaloneMeshOptions) {
    this.#options = options;
  }

  /** Follows the workloads. Rejects where there are some, and the mesh cannot be opened for them. */
  async start(): Promise<void> {
    const { engine, log } = this.#options;
    const { workloads } = engine.translation;
    await this.#look();
    const following = engine.graph.subscribe(workloads, () => {
      // Subscribers may not write to the graph.
      queueMicrotask(() => {
        this.#look().catch((error: unknown) => log.error({ err: error }, "the mesh cannot be opened"));
      });
    });
    this.#running.use(following);
  }

  /** Whether the workload's proxy may yet come: nothing is known that keeps it from that. */
  isStarting(proxy: ProxyKey): boolean {
    return !this.#sidecars?.problems.has(proxy);
  }

  diagnostics(): readonly Diagnostic[] {
    return [...(this.#sidecars?.problems ?? [])].map(([key, message]) => {
      const { namespace, name } = this.#options.engine.translation.workloads.get(key) ?? {};
      return {
        severity: "error",
        code: "sidecar-not-started",
        ...(name !== undefined && { object: `Workload ${namespace}/${name}` }),
        message: `the sidecar ${key} cannot be started: ${message}`,
        advice: "It is tried again; everything else serves without it",
      };
    });
  }

  /** What the sidecar of a workload ("namespace/name") counts; undefined where there is none. */
  async metricsOf(workload: string): Promise<string | undefined> {
    const { workloads } = this.#options.engine.translation;
    const found = [...workloads.values()].find(({ namespace, name }) => `${namespace}/${name}` === workload);
    return found && (await this.#sidecars?.metricsOf(found.key));
  }

  async stop(how?: { readonly now?: boolean }): Promise<void> {
    await this.#end((sidecars) => sidecars.stop(how));
  }

  /** Takes everything down but the Envoys. */
  async leave(): Promise<void> {
    await this.#end((sidecars) => sidecars.leave());
  }

  async #end(end: (sidecars: Sidecars) => Promise<void>): Promise<void> {
    const sidecars = await this.#opening?.catch(() => undefined);
    if (sidecars) await end(sidecars);
    await this.#running.disposeAsync();
  }

  async #look(): Promise<void> {
    const workloads = [...this.#options.engine.translation.workloads.values()];
    if (workloads.length === 0 && !this.#opening) return;
    this.#opening ??= this.#open();
    try {
      (await this.#opening).want([...this.#options.engine.translation.workloads.values()]);
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  async #open(): Promise<Sidecars> {
    const { engine, directory, envoyPath, concurrency = SIDECAR_THREADS, log, onSidecarEvent } = this.#options;
    const [identity, { Sidecars: SidecarsOfMachine }] = await Promise.all([
      import("../identity/index.ts"),
      import("./sidecars.ts"),
    ]);
    const tokens = await identity.openLocalTokens(join(directory.path, "mesh-tokens.key"));
    const certificates = await this.#openAuthority(identity);
    await this.#serve(directory.meshSocket, identity, tokens, certificates);
    const sidecars = new SidecarsOfMachine({
      envoyPath,
      folder: join(directory.path, "sidecars"),
      socket: directory.meshSocket,
      tokens,
      concurrency,
      onEvent: ({ namespace, name }, event) => {
        const workload = `${namespace}/${name}`;
        logProxyEvent(log.child({ sidecar: workload }), event);
        onSidecarEvent(workload, event);
      },
      onProblem: (sidecar, error) => log.error({ sidecar, err: error }, "a sidecar has a problem; it is tried again"),
    });
    this.#sidecars = sidecars;
    sidecars.endOthers([...engine.translation.workloads.values()]);
    return sidecars;
  }

  async #openAuthority(identity: typeof identityRoom): Promise<WorkloadCertificates<ProxyKey>> {
    const { engine, fleet, directory, certificateLifeMs, log } = this.#options;
    const { driven } = engine;
    const authority = await identity.openLocalAuthority(join(directory.path, "mesh-authority.pem"));
    const certificates = this.#running.use(
      new identity.WorkloadCertificates<ProxyKey>({
        issue: (id, lifeMs) => authority.issueForWorkload(id, lifeMs),
        onIssued: (key, { certificate, key: privateKey }) =>
          driven.workloadCertificates.set({ key, certificateChain: certificate, privateKey }),
        // That of Gateways is wanted once, here; its Envoy may be away for a moment.
        isNeeded: (key) => key === LOCAL_PROXY || fleet.connectedTo(key) > 0,
        onForgotten: (key) => driven.workloadCertificates.delete(key),
        onProblem: (error) => log.error({ err: error }, "a workload's certificate cannot be made; the last one stays"),
        times: identity.workloadTimesOf({
          ...identity.defaultIdentityTimes,
          ...(certificateLifeMs !== undefined && { certificateLifeMs }),
        }),
      }),
    );
    driven.meshTrust.set({ key: "trust", certificates: authority.bundle });
    certificates.want(LOCAL_PROXY, spiffeId(LOCAL_TRUST_DOMAIN, LOCAL_GATEWAYS.namespace, LOCAL_GATEWAYS.name));
    return certificates;
  }

  async #serve(
    path: string,
    { admissionOfProxies }: typeof identityRoom,
    tokens: LocalTokens,
    certificates: WorkloadCertificates<ProxyKey>,
  ): Promise<void> {
    const { engine, fleet, log, onRefused } = this.#options;
    const { workloads } = engine.translation;
    const admission = admissionOfProxies<ProxyKey>({
      reviews: tokens,
      proxyOf: ({ namespace, name, pod }) => workloads.get(sidecarKey(namespace, name, pod))?.key,
      onRefused: ({ reason, message }, { node }) => {
        onRefused(reason);
        log.warn({ reason, claims: node?.cluster }, `a caller was turned away: ${message}`);
      },
    });
    const server = await startAdsServer({
      listen: { path },
      admit: async ({ authorization, node }) => {
        const answer = await admission.admit({ authorization, node });
        if ("refused" in answer) return answer;
        const { namespace, name } = answer.account;
        certificates.want(answer.identity, spiffeId(LOCAL_TRUST_DOMAIN, namespace, name));
        return fleet.groupOf(answer.identity);
      },
    });
    this.#running.defer(() => server.close());
  }
}
