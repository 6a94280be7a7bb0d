/**
 * A Kubernetes of one node for tests: the real API server, controller manager, scheduler, kubelet, kube-proxy and etcd, with
 * Debian's containerd and runc, inside a network namespace of its own. Up in seconds; gone without a trace, and so is what one
 * that was killed has left behind.
 *
 * What each flag is for that one would not expect stands beside it: each was an hour of somebody's.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeCredentials } from "./credentials.ts";
import { type ImageWish, imageTar } from "./oci-image.ts";
import { inNamespace, NAMESPACE } from "./test-namespace.ts";
import { type Family, makeNetwork, networkOf, podNetwork, type TestNetwork } from "./test-network.ts";

/** All that there is of the cluster outside its namespace. There is one at a time. */
const FOLDER = "/var/tmp/trilith-test-cluster";
const START_MS = 90_000;
/** Where its programs write what they do, a file each, and its pods: `namespace_pod_uid/container/0.log`. */
export const LOGS: Readonly<Record<"components" | "pods", string>> = {
  components: join(FOLDER, "log"),
  pods: join(FOLDER, "podlogs"),
};
/** Where containerd pins those of pods. */
export const NETWORK_NAMESPACES: string = join(FOLDER, "containerd/state/io.containerd.grpc.v1.cri/netns");

export interface TestCluster extends AsyncDisposable {
  /** Of somebody who may do everything; it is reached from inside the namespace only. */
  readonly kubeconfig: string;
  kubectl(args: readonly string[], options?: { readonly input?: string }): RunResult;
  /** The same, while the test goes on. */
  kubectlBeside(args: readonly string[]): Promise<RunResult>;
  /** Runs a program inside the namespace. */
  run(command: string, args: readonly string[], options?: { readonly input?: string }): RunResult;
  start(command: string, args: readonly string[], options?: StartOptions): ChildProcess;
  importImage(wish: ImageWish): void;
  /** Kills the API server and starts it again. Resolves when it serves. */
  restartApiServer(): Promise<void>;
}

export interface StartOptions {
  /** The name of its log; the command's unless stated. */
  readonly log?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What it says goes where this process' output goes. */
  readonly isShown?: boolean;
}

export interface RunResult {
  readonly status: number | null;
  readonly output: string;
}

/** `binary`: all of Kubernetes in one, whose first argument chooses. Needs root, and Debian's packages (see `missingPackages`). */
export async function startTestCluster(binary: string, families: readonly Family[] = ["IPv4"]): Promise<TestCluster> {
  const network = networkOf(families);
  cleanUp();
  mkdirSync(LOGS.components, { recursive: true });
  for (const folder of ["pki", "etcd", "cni/net.d", "kubelet", "containerd"])
    mkdirSync(join(FOLDER, folder), { recursive: true });
  shareMounts();
  spawnSync("ip", ["netns", "add", NAMESPACE]);
  makeNetwork(network);
  const pki = join(FOLDER, "pki");
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", "127.0.0.1"];
  const addresses = network.all.flatMap(({ node, apiService }) => [node, apiService]);
  await writeCredentials(pki, network.server, [...names, ...addresses]);
  writeConfigurations(network);
  const component = (name: string, flags: Readonly<Record<string, string>>): ChildProcess =>
    startProgram(name, binary, [name, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]);
  component("etcd", etcdFlags());
  const startApiServer = (): ChildProcess => component("kube-apiserver", apiServerFlags(pki, network));
  let apiServer = startApiServer();
  await untilServing(binary);
  component("kube-controller-manager", controllerManagerFlags(pki, network));
  component("kube-scheduler", { kubeconfig: join(pki, "scheduler.conf"), "leader-elect": "false" });
  startProgram("containerd", "containerd", ["--config", join(FOLDER, "containerd.toml")]);
  await untilThere(join(FOLDER, "containerd.sock"));
  component("kubelet", {
    config: join(FOLDER, "kubelet.yaml"),
    kubeconfig: join(pki, "kubelet.conf"),
    "root-dir": join(FOLDER, "kubelet"),
    "hostname-override": "node",
    "node-ip": network.list(({ node }) => node),
  });
  component("kube-proxy", {
    kubeconfig: join(pki, "proxy.conf"),
    "proxy-mode": "iptables",
    // An address that is not known yet swallows the first packet of a connection, and the client waits.
    "iptables-min-sync-period": "0s",
    "hostname-override": "node",
    "cluster-cidr": network.list(({ pods }) => pods),
    "conntrack-max-per-core": "0",
    "conntrack-min": "0",
  });
  return {
    kubeconfig: join(pki, "admin.conf"),
    kubectl: (args, options) => runInside(binary, ["kubectl", ...args], options),
    kubectlBeside: (args) => runBeside(binary, ["kubectl", ...args]),
    run: (command, args, options) => runInside(command, args, options),
    start: (command, args, options) => startProgram(options?.log ?? basename(command), command, args, options),
    importImage: (wish) => importImage(wish),
    restartApiServer: async () => {
      const ended = once(apiServer, "exit");
      apiServer.kill("SIGKILL");
      await ended;
      apiServer = startApiServer();
      await untilServing(binary);
    },
    [Symbol.asyncDispose]: () => {
      cleanUp();
      return Promise.resolve();
    },
  };
}

const PACKAGES: Readonly<Record<string, string>> = {
  containerd: "containerd",
  runc: "runc",
  iptables: "iptables",
  conntrack: "conntrack",
  // Not of the node, but in the image that redirects pods of the mesh.
  nft: "nftables",
  ip: "iproute2",
  nsenter: "util-linux",
};

/** Debian packages that a node needs and that are not here. */
export function missingPackages(): readonly string[] {
  const missing = Object.entries(PACKAGES).flatMap(([program, name]) =>
    spawnSync("sh", ["-c", `command -v ${program}`]).status === 0 ? [] : [name],
  );
  return existsSync("/usr/lib/cni/bridge") ? missing : [...missing, "containernetworking-plugins"];
}

function runInside(command: string, args: readonly string[], { input }: { readonly input?: string } = {}): RunResult {
  const { status, stdout, stderr } = spawnSync(...inNamespace(command, args), {
    env: asAdmin(),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...(input !== undefined && { input }),
  });
  return { status, output: `${stdout}${stderr}` };
}

function runBeside(command: string, args: readonly string[]): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(...inNamespace(command, args), { env: asAdmin(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, output }));
  });
}

const asAdmin = (): NodeJS.ProcessEnv => ({ ...process.env, KUBECONFIG: join(FOLDER, "pki", "admin.conf") });

/** The program itself is started, so that its pid is the one to end. */
function startProgram(
  name: string,
  command: string,
  args: readonly string[],
  { env, isShown = false }: Omit<StartOptions, "log"> = {},
): ChildProcess {
  const log = openSync(join(LOGS.components, `${name}.log`), "a");
  const child = spawn(...inNamespace(command, args), {
    stdio: isShown ? ["ignore", "inherit", "inherit"] : ["ignore", log, log],
    env: { ...asAdmin(), ...env },
  });
  closeSync(log);
  writeFileSync(join(FOLDER, `${name}.pid`), String(child.pid ?? ""));
  return child;
}

/** As everything is on an ordinary node: a pod that asks for it sees what is mounted in the folder later. Nobody outside does. */
function shareMounts(): void {
  for (const how of ["--bind", "--make-private", "--make-shared"])
    spawnSync("mount", how === "--bind" ? [how, FOLDER, FOLDER] : [how, FOLDER]);
}

const etcdFlags = (): Record<string, string> => ({
  "data-dir": join(FOLDER, "etcd"),
  "unsafe-no-fsync": "true",
  "listen-client-urls": "http://127.0.0.1:2379",
  "advertise-client-urls": "http://127.0.0.1:2379",
  "listen-peer-urls": "http://127.0.0.1:2380",
});

const apiServerFlags = (pki: string, { first, list }: TestNetwork): Record<string, string> => ({
  "etcd-servers": "http://127.0.0.1:2379",
  "bind-address": first.node.includes(":") ? "::" : "0.0.0.0",
  "advertise-address": first.node,
  "secure-port": "6443",
  "tls-cert-file": join(pki, "server.crt"),
  "tls-private-key-file": join(pki, "server.key"),
  "client-ca-file": join(pki, "ca.crt"),
  "service-account-key-file": join(pki, "accounts.key"),
  "service-account-signing-key-file": join(pki, "accounts.key"),
  "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
  "service-cluster-ip-range": list(({ services }) => services),
  "authorization-mode": "Node,RBAC",
  "allow-privileged": "true",
  "kubelet-client-certificate": join(pki, "admin.crt"),
  "kubelet-client-key": join(pki, "admin.key"),
  // By name it would not find the kubelet, and logs and exec time out.
  "kubelet-preferred-address-types": "InternalIP",
  "runtime-config": "api/all=true",
  // It is off in this version unless asked for.
  "feature-gates": "ClusterTrustBundle=true",
});

const controllerManagerFlags = (pki: string, { list }: TestNetwork): Record<string, string> => ({
  kubeconfig: join(pki, "controller-manager.conf"),
  "service-account-private-key-file": join(pki, "accounts.key"),
  "root-ca-file": join(pki, "ca.crt"),
  "cluster-cidr": list(({ pods }) => pods),
  "service-cluster-ip-range": list(({ services }) => services),
  "allocate-node-cidrs": "false",
  "use-service-account-credentials": "false",
  "leader-elect": "false",
  "kube-api-qps": "200",
  "kube-api-burst": "400",
});

function writeConfigurations(network: TestNetwork): void {
  const pods = podNetwork(network, join(FOLDER, "cni", "data"));
  writeFileSync(join(FOLDER, "cni", "net.d", "10-test.conflist"), JSON.stringify(pods));
  writeFileSync(join(FOLDER, "containerd.toml"), containerdConfiguration());
  writeFileSync(join(FOLDER, "kubelet.yaml"), JSON.stringify(kubeletConfiguration(network.first.nameService)));
}

/**
 * Without CAP_SYS_RESOURCE, runc dies of the OOM score that it is told to set, unless it is restricted. The pods' network namespaces
 * would outlive the cluster if they were kept elsewhere.
 */
const containerdConfiguration = (): string => `version = 2
root = "${FOLDER}/containerd/root"
state = "${FOLDER}/containerd/state"
[grpc]
  address = "${FOLDER}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "test/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${FOLDER}/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
`;

const kubeletConfiguration = (nameService: string): object => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  failCgroupV1: false,
  cgroupDriver: "cgroupfs",
  cgroupsPerQOS: true,
  enforceNodeAllocatable: [],
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: join(FOLDER, "pki", "ca.crt") },
  },
  authorization: { mode: "AlwaysAllow" },
  clusterDomain: "cluster.local",
  clusterDNS: [nameService],
  resolvConf: "",
  failSwapOn: false,
  containerRuntimeEndpoint: `unix://${FOLDER}/containerd.sock`,
  maxPods: 250,
  imageGCHighThresholdPercent: 100,
  evictionHard: { "imagefs.available": "1%", "nodefs.available": "1%", "memory.available": "100Mi" },
  serializeImagePulls: false,
  podLogsDir: LOGS.pods,
});

async function untilServing(binary: string): Promise<void> {
  const until = performance.now() + START_MS;
  while (runInside(binary, ["kubectl", "get", "--raw", "/readyz"]).status !== 0) {
    if (performance.now() > until)
      throw new Error(`the API server does not serve: see ${LOGS.components}/kube-apiserver.log`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function untilThere(path: string): Promise<void> {
  const until = performance.now() + START_MS;
  while (!existsSync(path)) {
    if (performance.now() > until) throw new Error(`${path} does not appear: see ${LOGS.components}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function importImage(wish: ImageWish): void {
  const { status, stderr } = spawnSync(
    "ctr",
    ["-a", join(FOLDER, "containerd.sock"), "-n", "k8s.io", "images", "import", "-"],
    { input: imageTar(wish), encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`${wish.names[0] ?? "an image"} cannot be imported: ${stderr}`);
}

/** Ends what runs, also what a cluster that was killed has left, and takes away everything that it made. */
function cleanUp(): void {
  if (!existsSync(FOLDER)) return;
  const pids = new Map(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith(".pid"))
      .map((file) => [file.slice(0, -".pid".length), Number(readFileSync(join(FOLDER, file), "utf8"))] as const),
  );
  const containers = ["containerd", "etcd", "kube-apiserver"];
  for (const [name, pid] of pids) if (!containers.includes(name)) endProcess(pid);
  endContainers();
  for (const name of containers) endProcess(pids.get(name) ?? 0);
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts
    .filter((path) => path.startsWith(FOLDER))
    .sort()
    .reverse())
    spawnSync("umount", ["-l", mount]);
  spawnSync("sh", ["-c", "find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null"]);
  spawnSync("ip", ["netns", "del", NAMESPACE]);
  rmSync(FOLDER, { recursive: true, force: true });
}

/** Only a program that was started inside the namespace: the number may be another one's by now. */
function endProcess(pid: number): void {
  if (!(pid > 1) || !isInNamespace(pid)) return;
  process.kill(pid, "SIGTERM");
  for (let waited = 0; waited < 30 && existsSync(`/proc/${pid}`) && isInNamespace(pid); waited += 1)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  if (existsSync(`/proc/${pid}`) && isInNamespace(pid)) process.kill(pid, "SIGKILL");
}

function isInNamespace(pid: number): boolean {
  const { stdout } = spawnSync("ip", ["netns", "identify", String(pid)], { encoding: "utf8" });
  return stdout.trim() === NAMESPACE;
}

function endContainers(): void {
  const socket = join(FOLDER, "containerd.sock");
  if (!existsSync(socket)) return;
  const ctr = (...args: readonly string[]): string =>
    spawnSync("ctr", ["-a", socket, "-n", "k8s.io", ...args], { encoding: "utf8", timeout: 10_000 }).stdout;
  for (const task of ctr("tasks", "list", "-q").split("\n").filter(Boolean)) ctr("tasks", "kill", "-s", "KILL", task);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}
