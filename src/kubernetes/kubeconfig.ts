/**
 * Access as a person has it: a context of a kubeconfig, with certificates, tokens, or a program that gives either. The library
 * that reads it is large (90 MB of memory), so it is loaded only here, and never by a controller in its cluster.
 *
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
import type { RequestOptions } from "node:https";
import { ApiError } from "./api-client.ts";
import type { ClusterAccess, TlsAccess } from "./cluster-access.ts";

export interface KubeconfigOptions {
  /** Default: what KUBECONFIG names, or `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** Default: the file's current context. */
  readonly context?: string | undefined;
}

/** What a file, or a program that it names, told last; asked again after this long. */
const ANSWER_AGE_MS = 10_000;

/** Rejects with an ApiError `unauthorized` where the file cannot be read or does not have the context. */
export async function kubeconfigAccess({ kubeconfig, context }: KubeconfigOptions): Promise<ClusterAccess> {
  const first = await loadKubeconfig({ kubeconfig, context });
  // What a program gave is kept by the library until it runs out; the file is read again only when the server refuses it.
  let loaded: Promise<LoadedKubeconfig> = Promise.resolve(first);
  let answer: { readonly options: Promise<RequestOptions>; readonly at: number } | undefined;
  const ask = (): Promise<RequestOptions> => {
    if (answer === undefined || performance.now() - answer.at > ANSWER_AGE_MS)
      answer = { options: loaded.then((config) => config.authenticate()), at: performance.now() };
    return answer.options;
  };
  return {
    server: new URL(first.server),
    namespace: first.namespace,
    tls: async () => tlsOf(await ask()),
    headers: async () => headersOf(await ask()),
    forget: () => {
      answer = undefined;
      loaded = loadKubeconfig({ kubeconfig, context });
      loaded.catch(() => undefined);
    },
  };
}

interface LoadedKubeconfig {
  readonly server: string;
  readonly namespace: string;
  authenticate(): Promise<RequestOptions>;
}

async function loadKubeconfig({ kubeconfig, context }: KubeconfigOptions): Promise<LoadedKubeconfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw new ApiError("unauthorized", `cannot read the kubeconfig: ${messageOf(cause)}`, { cause });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  const [chosen, cluster] = [config.getContextObject(name), config.getCurrentCluster()];
  if (!chosen || !cluster) {
    const known = config.getContexts().map((each) => each.name);
    throw new ApiError(
      "unauthorized",
      `the kubeconfig has no context "${name}"; it has: ${known.join(", ") || "none"}`,
    );
  }
  return {
    server: cluster.server,
    namespace: chosen.namespace ?? "default",
    authenticate: async () => {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (cause) {
        throw new ApiError("unauthorized", `cannot get credentials: ${messageOf(cause)}`, { cause });
      }
      return options;
    },
  };
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): TlsAccess {
  return {
    ...(isPem(ca) && { ca }),
    ...(isPem(cert) && { cert }),
    ...(isPem(key) && { key }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  };
}

const isPem = (value: unknown): value is string | Buffer => typeof value === "string" || Buffer.isBuffer(value);

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const entries = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    ...(typeof auth === "string" && { authorization: `Basic ${Buffer.from(auth).toString("base64")}` }),
    ...Object.fromEntries(entries),
  };
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
