/**
 * A real API server with its etcd, and nothing else of Kubernetes: for tests of what only an API server decides. On loopback,
 * with ports, certificates and data of its own, up in seconds and gone with its folder. Both programs are in one binary, whose
 * first argument chooses.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { type ApiClient, connectToCluster } from "../../src/kubernetes/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { freePorts } from "../support/free-ports.ts";
import { kubeconfigOf } from "../support/kubeconfig.ts";

export interface ControlPlane {
  /** Of somebody who may do everything. */
  readonly kubeconfigPath: string;
  /** Of loopback. */
  readonly apiServerPort: number;
  /** Kills the API server and starts it again, on the same port. */
  restartApiServer(): Promise<void>;
  /** Has etcd forget all that was before now. The API server's own memory of it ends when it is restarted. */
  compact(): Promise<void>;
  /** What is stored now. Nobody may write meanwhile. */
  takeBackup(): Promise<Backup>;
  /** Everything is as it was then, resource versions included. */
  restore(backup: Backup): Promise<void>;
  stop(): Promise<void>;
}

/** A folder, which goes with the control plane. */
export type Backup = string & { readonly backup: true };

const START_MS = 60_000;

export async function startControlPlane(
  binary: string,
  moreFlags: Readonly<Record<string, string>> = {},
): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-api-server-"));
  const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
  const server = `https://127.0.0.1:${apiPort}`;
  const kubeconfigPath = await writeCredentials(folder, server);
  const startEtcd = (): ChildProcess => start(binary, folder, "etcd", etcdFlags(folder, etcdPort, peerPort));
  const startApiServer = (): ChildProcess =>
    start(binary, folder, "kube-apiserver", { ...apiServerFlags(folder, etcdPort, apiPort), ...moreFlags });
  let [etcd, apiServer] = [startEtcd(), startApiServer()];
  const stop = async (): Promise<void> => {
    await Promise.all([etcd, apiServer].map(end));
    rmSync(folder, { recursive: true });
  };
  const ready = (): Promise<void> => untilReady(kubeconfigPath, [etcd, apiServer]);
  try {
    await ready();
  } catch (error) {
    const log = readFileSync(join(folder, "kube-apiserver.log"), "utf8").slice(-2_000);
    await stop();
    throw new Error(`the API server did not start:\n${log}`, { cause: error });
  }
  const data = join(folder, "etcd");
  /** Does something with what is stored, while nobody has it. */
  const whileStopped = async (act: () => void): Promise<void> => {
    await end(apiServer);
    await end(etcd);
    act();
    [etcd, apiServer] = [startEtcd(), startApiServer()];
    await ready();
  };
  let backups = 0;
  return {
    kubeconfigPath,
    apiServerPort: apiPort,
    restartApiServer: async () => {
      await end(apiServer);
      apiServer = startApiServer();
      await ready();
    },
    compact: () => compactEtcd(etcdPort),
    takeBackup: async () => {
      const backup = join(folder, `backup-${(backups += 1)}`) as Backup;
      await whileStopped(() => cpSync(data, backup, { recursive: true }));
      return backup;
    },
    restore: async (backup) => {
      await whileStopped(() => {
        rmSync(data, { recursive: true });
        cpSync(backup, data, { recursive: true });
      });
    },
    stop,
  };
}

/** https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
async function compactEtcd(port: number): Promise<void> {
  const ask = async (path: string, body: object): Promise<EtcdAnswer> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/kv/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`);
    return (await answer.json()) as EtcdAnswer;
  };
  const { header } = await ask("range", { key: Buffer.from("nothing").toString("base64") });
  await ask("compaction", { revision: header.revision, physical: true });
}

interface EtcdAnswer {
  readonly header: { readonly revision: string };
}

/** The CRDs of a folder; resolves when their objects can be written. */
export async function installCrds(client: ApiClient, folder: string): Promise<void> {
  const documents = readdirSync(folder)
    .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), "utf8")))
    .map((document) => document.toJS() as { kind?: string; metadata: { name: string } });
  for (const crd of documents.filter(({ kind }) => kind === "CustomResourceDefinition"))
    await createDefinition(client, crd);
}

/** Resolves when objects of it can be written. */
export async function createDefinition(
  client: ApiClient,
  definition: { readonly metadata: { readonly name: string } },
): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await client.request({ method: "POST", path, body: definition });
  await untilEstablished(client, `${path}/${definition.metadata.name}`);
}

async function untilEstablished(client: ApiClient, path: string): Promise<void> {
  interface Crd {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
  for (let isEstablished = false; !isEstablished;) {
    const { status } = await client.request<Crd>({ method: "GET", path });
    const conditions = status?.conditions ?? [];
    isEstablished = conditions.some(({ type, status: is }) => type === "Established" && is === "True");
  }
}

const etcdFlags = (folder: string, port: number, peerPort: number): Readonly<Record<string, string>> => ({
  "data-dir": join(folder, "etcd"),
  "unsafe-no-fsync": "true",
  "listen-client-urls": `http://127.0.0.1:${port}`,
  "advertise-client-urls": `http://127.0.0.1:${port}`,
  "listen-peer-urls": `http://127.0.0.1:${peerPort}`,
});

const apiServerFlags = (folder: string, etcdPort: number, port: number): Readonly<Record<string, string>> => ({
  "etcd-servers": `http://127.0.0.1:${etcdPort}`,
  "bind-address": "127.0.0.1",
  "secure-port": String(port),
  "tls-cert-file": join(folder, "server.crt"),
  "tls-private-key-file": join(folder, "server.key"),
  "client-ca-file": join(folder, "ca.crt"),
  "service-account-key-file": join(folder, "accounts.key"),
  "service-account-signing-key-file": join(folder, "accounts.key"),
  "service-account-issuer": "https://kubernetes.default.svc",
  "service-cluster-ip-range": "10.97.0.0/16,fd97::/112",
  "authorization-mode": "RBAC",
});

/** Writes what the server needs, and a kubeconfig; gives the latter's path. */
async function writeCredentials(folder: string, server: string): Promise<string> {
  const authority = await createCertificateAuthority();
  const [own, admin] = [
    await authority.issue({ commonName: "kube-apiserver", names: ["127.0.0.1", "localhost"] }),
    await authority.issue({ commonName: "admin", organization: "system:masters", use: "client" }),
  ];
  const accounts = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
  const files = {
    "ca.crt": authority.certificate,
    "server.crt": own.certificate,
    "server.key": own.key,
    "accounts.key": accounts.export({ type: "pkcs1", format: "pem" }).toString(),
    "admin.conf": kubeconfigOf(server, authority.certificate, admin),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, "admin.conf");
}

function start(binary: string, folder: string, program: string, flags: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(join(folder, `${program}.log`), "a");
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const child = spawn(binary, [program, ...args], { stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function untilReady(kubeconfig: string, programs: readonly ChildProcess[]): Promise<void> {
  using client = await connectToCluster({ kubeconfig });
  const until = performance.now() + START_MS;
  for (;;) {
    const failure = await client.request({ method: "GET", path: "/api/v1/namespaces/kube-system" }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) return;
    const hasEnded = programs.some(({ exitCode }) => exitCode !== null);
    if (hasEnded || performance.now() > until) throw failure;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
