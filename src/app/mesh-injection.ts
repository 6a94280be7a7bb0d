/**
 * How pods come to be in the mesh: every replica answers the API server's question about new pods; whoever leads keeps what those pods
 * and the API server must have for it.
 */
import type { Logger } from "pino";
import type { ApiClient } from "../kubernetes/index.ts";
import {
  type Injection,
  MESH_LABEL,
  type Redirection,
  RootConfigMaps,
  startInjectionServer,
  TrustBundlePublisher,
  WebhookAuthority,
} from "../mesh/index.ts";
import { objectKey } from "../resources/index.ts";
import type { ClusterIdentity } from "./cluster-identity.ts";
import type { Engine } from "./engine.ts";
import { type InstallationOptions, sidecarFilesOf, sidecarSettingsOf } from "./installation.ts";
import type { Duty } from "./leadership.ts";

export interface MeshInjectionOptions extends InstallationOptions {
  readonly client: ApiClient;
  readonly engine: Engine;
  readonly identity: ClusterIdentity;
  readonly mesh: { readonly redirection: Redirection; readonly trustDomain: string };
  readonly listenForPods: { readonly host: string; readonly port: number };
  readonly log: Logger;
}

export interface MeshInjection extends AsyncDisposable {
  readonly duties: readonly Duty[];
}

/** Who is in the mesh must be known already. */
export async function startMeshInjection(options: MeshInjectionOptions): Promise<MeshInjection> {
  const { client, engine, identity, service, log } = options;
  await using starting = new AsyncDisposableStack();
  const server = starting.use(
    await startInjectionServer({
      listen: options.listenForPods,
      tls: identity.serverCertificate,
      settings: sidecarSettingsOf(options),
      onAsked: (pod, injection) => logInjection(log, pod, injection),
    }),
  );
  identity.onServerCertificate((tls) => server.setSecureContext(tls));
  const roots = starting.use(
    new RootConfigMaps({
      client,
      files: sidecarFilesOf(options, identity.bundle),
      onProblem: (where, problem) =>
        problem && log.error({ namespace: where, err: problem }, "what sidecars read cannot be kept"),
    }),
  );
  const webhook = starting.use(
    new WebhookAuthority({
      client,
      name: service,
      bundle: identity.bundle,
      onProblem: (problem) => problem && log.error({ err: problem }, "the webhook for pods cannot be kept"),
    }),
  );
  const published = new TrustBundlePublisher({
    client,
    bundle: identity.bundle,
    onServed: (version) => logServed(log, version),
    onProblem: (problem) => problem && log.error({ err: problem }, "the mesh's ClusterTrustBundle cannot be kept"),
  });
  identity.onBundle((bundle) => {
    published.replace(bundle);
    roots.replace(sidecarFilesOf(options, bundle));
    webhook.replace(bundle);
  });
  starting.use(followNamespaces(engine, roots));
  const running = starting.move();
  return { duties: [roots, webhook, published], [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Namespaces that have the label, and those of pods that asked for themselves. */
function followNamespaces({ graph, sources, driven }: Engine, roots: RootConfigMaps): Disposable {
  const following = new DisposableStack();
  const look = (namespace: string): void => {
    const labels = sources.namespaces.get(objectKey({ group: "", kind: "Namespace", name: namespace }))?.metadata
      .labels;
    const hasMembers = [...driven.meshMembers.values()].some((member) => member.namespace === namespace);
    if (labels?.[MESH_LABEL] === "enabled" || hasMembers) roots.want(namespace);
    else roots.unwant(namespace);
  };
  const nameOf = (namespace: { readonly metadata: { readonly name: string } } | undefined): string[] =>
    namespace ? [namespace.metadata.name] : [];
  for (const { metadata } of sources.namespaces.values()) look(metadata.name);
  for (const { namespace } of driven.meshMembers.values()) look(namespace);
  following.use(
    graph.subscribe(sources.namespaces, (changes) => {
      for (const { before, after } of changes) nameOf(after ?? before).forEach(look);
    }),
  );
  following.use(
    graph.subscribe(driven.meshMembers, (changes) => {
      for (const { before, after } of changes) {
        const namespace = (after ?? before)?.namespace;
        if (namespace !== undefined) look(namespace);
      }
    }),
  );
  return following;
}

function logInjection(log: Logger, pod: string, injection: Injection): void {
  if (injection.kind === "refused") log.warn({ pod }, `a pod was refused: ${injection.message}`);
  else log.debug({ pod, injection: injection.kind }, "a pod was looked at");
}

function logServed(log: Logger, version: string | undefined): void {
  if (version === undefined)
    log.info("this cluster serves no ClusterTrustBundles: the mesh's roots are in the ConfigMaps trilith-root alone");
  else log.info({ version }, "the mesh's roots are in the ClusterTrustBundle trilith-root, too");
}
