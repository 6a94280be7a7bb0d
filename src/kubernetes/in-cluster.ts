/**
 * Access as a pod has it: environment variables name the server, and the files of its ServiceAccount hold the certificate
 * authority and the token. The kubelet puts a new token there long before the old one runs out.
 *
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { ApiError } from "./api-client.ts";
import type { ClusterAccess } from "./cluster-access.ts";

/** Where the kubelet puts the files of a pod's ServiceAccount. */
const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
/** A token is read again after this long: tokens live for minutes at least. */
const TOKEN_AGE_MS = 10_000;

export interface InClusterOptions {
  readonly server: URL;
  /** Default: `serviceAccountFolder`. */
  readonly folder?: string;
}

/** The server that the environment of a pod names; undefined outside a cluster. */
export function inClusterServer(environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port) return undefined;
  return new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
}

/** Rejects with an ApiError `unauthorized` where the files are not there. */
export async function inClusterAccess({
  server,
  folder = serviceAccountFolder,
}: InClusterOptions): Promise<ClusterAccess> {
  const read = (name: string): Promise<string> => readAccountFile(join(folder, name));
  let token: { readonly headers: Readonly<Record<string, string>>; readonly readAt: number } | undefined;
  return {
    server,
    namespace: (await read("namespace").catch(() => "default")).trim(),
    tls: async () => ({ ca: await read("ca.crt") }),
    headers: async () => {
      if (token === undefined || performance.now() - token.readAt > TOKEN_AGE_MS) {
        const readAt = performance.now();
        token = { headers: { authorization: `Bearer ${(await read("token")).trim()}` }, readAt };
      }
      return token.headers;
    },
    forget: () => {
      token = undefined;
    },
  };
}

async function readAccountFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ApiError("unauthorized", `cannot read the ServiceAccount's file ${file}`, { cause });
  }
}
