/**
 * A pod of a Gateway without a node: what a kubelet would do with the Gateway's Deployment, as far as it concerns Envoy. A Pod
 * object, a token that is bound to it, the ConfigMap's files in a directory that changes as the kubelet changes it, and the real
 * Envoy with the template's arguments. Only paths, the port for probes and the address of the control plane are this machine's.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { PROXY_AUDIENCE } from "../../src/identity/index.ts";
import { type ApiClient, ApiError, resourcePath } from "../../src/kubernetes/index.ts";
import { POD_PATHS } from "../../src/provision/index.ts";
import { AdminClient } from "../../src/proxy/index.ts";
import { freePorts } from "../support/free-ports.ts";

export interface GatewayPodOptions {
  readonly client: ApiClient;
  readonly envoy: string;
  readonly namespace: string;
  /** Of what was made for the Gateway: `web-trilith`. */
  readonly name: string;
  readonly podName: string;
  /** Where the control plane's Service is on loopback. */
  readonly controlPlanePort: number;
  /** Default: one of the Gateway's own ServiceAccount, for this pod. */
  readonly token?: string;
}

export class GatewayPod implements AsyncDisposable {
  readonly #options: GatewayPodOptions;
  readonly #folder: string;
  readonly #admin: AdminClient;
  readonly #envoy: ChildProcess;
  readonly #probePort: number;
  readonly #kubelet: NodeJS.Timeout;
  #files: Readonly<Record<string, string>>;

  private constructor(
    options: GatewayPodOptions,
    folder: string,
    files: Readonly<Record<string, string>>,
    envoy: ChildProcess,
    probePort: number,
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#files = files;
    this.#envoy = envoy;
    this.#probePort = probePort;
    this.#admin = new AdminClient(inFolder(folder, POD_PATHS.adminSocket));
    this.#kubelet = setInterval(() => void this.#syncFiles(), 100);
  }

  /** Waits until the Gateway has its ConfigMap and Deployment. */
  static async start(options: GatewayPodOptions): Promise<GatewayPod> {
    const folder = mkdtempSync(join(tmpdir(), "trilith-pod-"));
    mkdirSync(dirname(inFolder(folder, POD_PATHS.adminSocket)), { recursive: true });
    const [args, probePort = 0] = [await argumentsOf(options), ...(await freePorts(1))];
    const texts = Object.entries(await filesOf(options)).map(([file, text]) => [
      file,
      file.endsWith(".json") ? localize(text, folder, probePort, options) : text,
    ]);
    const files = Object.fromEntries(texts) as Readonly<Record<string, string>>;
    writeVolume(inFolder(folder, POD_PATHS.files), files);
    writeVolume(inFolder(folder, POD_PATHS.tokenFolder), { token: options.token ?? (await podToken(options)) });
    const local = args.map((arg) => arg.replace("$(POD_NAME)", options.podName).replace(/^\//, `${folder}/`));
    const log = ["--log-path", join(folder, "envoy.log"), "--use-dynamic-base-id"];
    const envoy = spawn(options.envoy, [...local, ...log], { stdio: "ignore" });
    return new GatewayPod(options, folder, files, envoy, probePort);
  }

  get name(): string {
    return this.#options.podName;
  }

  /** For probes and metrics. */
  get probePort(): number {
    return this.#probePort;
  }

  get log(): string {
    return readFileSync(join(this.#folder, "envoy.log"), "utf8");
  }

  admin(path: string): Promise<string> {
    return this.#admin.get(path);
  }

  /** As the kubelet does when a token is renewed. */
  setToken(token: string): void {
    writeVolume(inFolder(this.#folder, POD_PATHS.tokenFolder), { token });
  }

  /** From now on the node is out of reach: nothing that changes in the ConfigMap arrives. */
  loseKubelet(): void {
    clearInterval(this.#kubelet);
  }

  /** The roots that the pod has, in PEM. */
  get roots(): string {
    return this.#files["ca.crt"] ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.loseKubelet();
    const ended = once(this.#envoy, "exit");
    if (this.#envoy.kill("SIGKILL")) await ended;
    rmSync(this.#folder, { recursive: true });
  }

  /** Of the files, only the roots change in a pod that stays; what else differs has made another pod of it. */
  async #syncFiles(): Promise<void> {
    const now = await filesOf(this.#options);
    const files = { ...this.#files, "ca.crt": now["ca.crt"] ?? "" };
    if (isDeepStrictEqual(files, this.#files)) return;
    this.#files = files;
    writeVolume(inFolder(this.#folder, POD_PATHS.files), files);
  }
}

const inFolder = (folder: string, path: string): string => join(folder, path);

/** The kubelet writes all files of a volume to a folder of their own, and renames a link to it. */
function writeVolume(directory: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(directory, { recursive: true });
  const version = mkdtempSync(join(directory, "..version-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(version, name), text);
  symlinkSync(version, join(directory, "..data_tmp"));
  renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
  for (const name of Object.keys(files)) {
    rmSync(join(directory, name), { force: true });
    symlinkSync(join("..data", name), join(directory, name));
  }
}

/** The control plane's address and this machine's paths and port, in the place of the pod's. */
function localize(text: string, folder: string, probePort: number, { controlPlanePort }: GatewayPodOptions): string {
  const parsed: unknown = JSON.parse(text, (key, value: unknown) => {
    if (typeof value === "string" && isPodPath(value)) return inFolder(folder, value);
    if (key === "port_value" && value === 19_001) return probePort;
    if (key === "socket_address" && isControlPlane(value))
      return { address: "127.0.0.1", port_value: controlPlanePort };
    return value;
  });
  return JSON.stringify(parsed);
}

const isPodPath = (text: string): boolean =>
  [POD_PATHS.files, POD_PATHS.tokenFolder, POD_PATHS.adminSocket].some((path) => text.startsWith(path));

const isControlPlane = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "address" in value && String(value.address).endsWith(".svc");

interface ConfigMap {
  readonly data: Readonly<Record<string, string>>;
}

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
  };
}

const filesOf = async (options: GatewayPodOptions): Promise<Readonly<Record<string, string>>> =>
  (await readWhenThere<ConfigMap>(options, "", "configmaps")).data;

const argumentsOf = async (options: GatewayPodOptions): Promise<readonly string[]> =>
  (await readWhenThere<Deployment>(options, "apps", "deployments")).spec.template.spec.containers[0]?.args ?? [];

async function readWhenThere<Read>(
  { client, namespace, name }: Pick<GatewayPodOptions, "client" | "namespace" | "name">,
  group: string,
  plural: string,
): Promise<Read> {
  for (;;) {
    try {
      return await client.request<Read>({
        method: "GET",
        path: resourcePath({ group, version: "v1", plural, namespace, name }),
      });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "notFound") throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A token that is good for as long as the pod is there, which is made if it is not. Waits for the Gateway's ServiceAccount. */
export async function podToken(
  options: Pick<GatewayPodOptions, "client" | "namespace" | "name" | "podName">,
  audience: string = PROXY_AUDIENCE,
): Promise<string> {
  const { client, namespace, name, podName } = options;
  await readWhenThere(options, "", "serviceaccounts");
  const pods = { group: "", version: "v1", plural: "pods", namespace };
  const pod = {
    metadata: { name: podName },
    spec: { serviceAccountName: name, containers: [{ name: "envoy", image: "envoy:test" }] },
  };
  await client.request({ method: "POST", path: resourcePath(pods), body: pod }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== "alreadyExists") throw error;
  });
  const { metadata } = await client.request<{ readonly metadata: { readonly uid: string } }>({
    method: "GET",
    path: resourcePath({ ...pods, name: podName }),
  });
  const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: podName, uid: metadata.uid };
  const { status } = await client.request<{ readonly status: { readonly token: string } }>({
    method: "POST",
    path: resourcePath({ ...pods, plural: "serviceaccounts", name, subresource: "token" }),
    body: { spec: { audiences: [audience], expirationSeconds: 3_600, boundObjectRef } },
  });
  return status.token;
}
