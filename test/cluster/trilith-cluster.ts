/** A test cluster with Trilith in it, as `trilith install` installs it, and with all that its Gateways need around them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayApiDefinitions, kubernetes } from "../../tools/cluster-programs.ts";
import { provideProgram } from "../../tools/provide-program.ts";
import { coreDnsManifests } from "./core-dns.ts";
import { clusterImages, IMAGES } from "./images.ts";
import { NETWORK_NAMESPACES, startTestCluster, type TestCluster } from "./test-cluster.ts";
import { type Family, networkOf } from "./test-network.ts";

const root = join(import.meta.dirname, "..", "..");

export interface TrilithWishes {
  /** More of `trilith install`. */
  readonly options?: readonly string[];
  /** Of the cluster, the first first; default: IPv4 alone. */
  readonly families?: readonly Family[];
}

export async function startTrilithCluster(
  tell: (line: string) => void,
  { options = [], families = ["IPv4"] }: TrilithWishes = {},
): Promise<TestCluster> {
  const images = await clusterImages(tell, options.includes("--redirection=Node"));
  const cluster = await startTestCluster(provideProgram(kubernetes, tell), families);
  try {
    for (const image of images) cluster.importImage(image);
    tell("the node is up; installing");
    cluster.start(process.execPath, [join(import.meta.dirname, "load-balancer.ts")], { log: "load-balancer" });
    await apply(cluster, JSON.stringify(coreDnsManifests(IMAGES.coredns, networkOf(families).first.nameService)));
    await apply(cluster, definitionManifests());
    await apply(cluster, installManifests(cluster, options));
    for (const [namespace, name] of [
      ["kube-system", "coredns"],
      ["trilith-system", "trilith"],
    ] as const)
      must(cluster, ["-n", namespace, "rollout", "status", `deployment/${name}`, "--timeout=120s"]);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

function definitionManifests(): string {
  const folder = gatewayApiDefinitions();
  const files = readdirSync(folder).filter((file) => file.includes("k8s.io_") && file.endsWith(".yaml"));
  return files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n---\n");
}

function installManifests(cluster: TestCluster, options: readonly string[]): string {
  const images = [
    `--image=${IMAGES.trilith}`,
    "--image-pull-policy=Never",
    `--envoy-image=${IMAGES.envoy}`,
    `--capture-image=${IMAGES.capture}`,
    `--node-image=${IMAGES.node}`,
    `--network-namespaces=${NETWORK_NAMESPACES}`,
    "--x-mesh",
  ];
  const { status, output } = cluster.run(process.execPath, [
    join(root, "src", "cli", "main.ts"),
    "install",
    "--print",
    ...images,
    ...options,
  ]);
  if (status !== 0) throw new Error(`trilith install: ${output}`);
  return output;
}

const APPLY_TRIES = 20;

/** A definition may not be established when the first object of its kind is sent. */
async function apply(cluster: TestCluster, manifests: string): Promise<void> {
  const args = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
  for (let tries = 1; ; tries += 1) {
    const { status, output } = cluster.kubectl(args, { input: manifests });
    if (status === 0) return;
    if (tries === APPLY_TRIES) throw new Error(output);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function must(cluster: TestCluster, args: readonly string[]): void {
  const { status, output } = cluster.kubectl(args);
  if (status !== 0) {
    const logs = cluster.kubectl(["-n", "trilith-system", "logs", "-l", "app.kubernetes.io/name=trilith", "--tail=20"]);
    throw new Error(`kubectl ${args.join(" ")}: ${output}\n${logs.output}`);
  }
}
