/**
 * The webhook that the API server asks when pods of the mesh are created: an HTTPS server with one path. What cannot be understood is
 * answered as what it is; the API server then does with the pod what the configuration of the webhook says.
 *
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Injection, injectSidecar } from "./inject-sidecar.ts";
import type { AdmittedPod } from "./pod.ts";
import type { SidecarSettings } from "./sidecar-containers.ts";

export interface InjectionServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: ServerKeys;
  readonly settings: SidecarSettings;
  /** A pod was asked about: `namespace/name`, or with the name that its own begins with. */
  readonly onAsked?: (pod: string, injection: Injection) => void;
}

/** PEM. */
export interface ServerKeys {
  readonly key: string;
  readonly cert: string;
}

export interface InjectionServer extends AsyncDisposable {
  readonly port: number;
  setSecureContext(tls: ServerKeys): void;
}

export const INJECTION_PATH = "/inject";

/** The API server sends no object larger than it stores (1.5 MiB), and a review has it once. */
const MOST_BYTES = 4 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

interface Review {
  readonly request: {
    readonly uid: string;
    readonly namespace: string;
    readonly object: AdmittedPod;
    readonly operation: string;
  };
}

/** Rejects where the port cannot be listened on. */
export async function startInjectionServer(options: InjectionServerOptions): Promise<InjectionServer> {
  const server = createServer({ ...options.tls, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    // Whoever reaches the port may send what is no pod at all; the API server does not.
    answer(request, response, options).catch(() => response.writeHead(400).end());
  });
  await listening(server, options.listen);
  return {
    port: (server.address() as AddressInfo).port,
    setSecureContext: (tls) => server.setSecureContext(tls),
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeIdleConnections();
      await closed.promise;
    },
  };
}

async function listening(server: Server, { host, port }: InjectionServerOptions["listen"]): Promise<void> {
  const done = Promise.withResolvers<void>();
  server.once("error", done.reject);
  server.listen(port, host, () => done.resolve());
  await done.promise;
  server.off("error", done.reject);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, onAsked }: InjectionServerOptions,
): Promise<void> {
  const { url = "", method } = request;
  if (url.split("?")[0] !== INJECTION_PATH || method !== "POST") {
    response.writeHead(404).end();
    return;
  }
  const text = await bodyOf(request);
  const review = text === undefined ? undefined : reviewOf(text);
  if (review === undefined) {
    response.writeHead(text === undefined ? 413 : 400).end();
    return;
  }
  const { uid, namespace, object } = review.request;
  const injection = injectSidecar(object, namespace, settings);
  const { name, generateName } = object.metadata ?? {};
  onAsked?.(`${namespace}/${name ?? generateName ?? ""}`, injection);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid, ...verdictOf(injection) },
    }),
  );
}

function verdictOf(injection: Injection): object {
  switch (injection.kind) {
    case "injected":
      return {
        allowed: true,
        patchType: "JSONPatch",
        patch: Buffer.from(JSON.stringify(injection.patch)).toString("base64"),
        auditAnnotations: { sidecar: "injected" },
      };
    case "left":
      return { allowed: true, auditAnnotations: { sidecar: injection.reason } };
    case "refused":
      return { allowed: false, status: { code: 422, reason: "Invalid", message: injection.message } };
  }
}

/** Undefined where it is too large, or ends before it is complete. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      // What is too much is read on and forgotten, so that the caller hears of it.
      if (bytes <= MOST_BYTES) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    return undefined;
  }
  return bytes > MOST_BYTES ? undefined : Buffer.concat(chunks).toString("utf8");
}

function reviewOf(text: string): Review | undefined {
  try {
    const review = JSON.parse(text) as Partial<Review> | null;
    const { uid, namespace, object } = review?.request ?? {};
    const isComplete = typeof uid === "string" && typeof namespace === "string" && typeof object?.spec === "object";
    return isComplete ? (review as Review) : undefined;
  } catch {
    return undefined;
  }
}
