/** `trilith node`: the agent on a node of the cluster, until it is told to stop. */
import { Command, Option } from "commander";
import { parseAddress } from "./admin-client.ts";
import { onEveryAddress } from "./any-address.ts";
import { addLogOptions } from "./log-options.ts";
import { addInClusterOptions, type InClusterOptions, runInCluster } from "./run-in-cluster.ts";

interface NodeCommandOptions extends InClusterOptions {
  readonly nodeName: string;
  readonly nodeAddresses: string;
  readonly podName: string;
  readonly networkNamespaces: string;
  readonly health: string;
}

export function nodeCommand(): Command {
  const command = new Command("node").description(
    "redirect connections of the mesh's pods on a node of a Kubernetes cluster",
  );
  addInClusterOptions(command)
    .addOption(new Option("--node-name <name>", "whose pods").env("NODE_NAME").makeOptionMandatory())
    .addOption(
      new Option("--node-addresses <list>", "the node's own, with commas: a network that has one is never a pod's")
        .env("HOST_IPS")
        .makeOptionMandatory(),
    )
    .addOption(new Option("--pod-name <name>", "who writes Events").env("POD_NAME").makeOptionMandatory())
    .option("--network-namespaces <folder>", "where the container runtime pins those of pods", "/run/netns")
    .addOption(onEveryAddress("--health <address>", "where probes and Prometheus ask", 19000))
    .addHelpText("after", HELP)
    .action(run);
  return addLogOptions(command, "json");
}

const HELP = `
The chart in charts/trilith runs this on every node with mesh.redirection=Node. Pods of the mesh then need no capability of their own, so that
namespaces which enforce the pod security standard "restricted" can join. It needs nsenter, nft and cat, and the capabilities SYS_ADMIN and
NET_ADMIN. What it has redirected stays so when it ends; while it is away, new pods of the mesh on its node wait for it.

Example, as the chart's container has it:
  trilith node --node-name worker-1 --node-addresses 192.168.1.7 --pod-name trilith-node-x7k2p --network-namespaces /run/netns
`;

async function run(options: NodeCommandOptions): Promise<void> {
  const { startNodeAgent } = await import("../app/index.ts");
  await runInCluster(options, "trilith-node", (place) =>
    startNodeAgent({
      ...place,
      node: options.nodeName,
      nodeAddresses: options.nodeAddresses.split(",").map((address) => address.trim()),
      instance: options.podName,
      networkNamespaces: options.networkNamespaces,
      health: parseAddress(options.health),
    }),
  );
}
