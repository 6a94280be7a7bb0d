/** `trilith controller`: what runs in a cluster, until it is told to stop. */
import { Command, Option } from "commander";
import type { ControllerOptions } from "../app/index.ts";
import type { Redirection } from "../mesh/index.ts";
import { PRIVATE_NETWORKS } from "../model/index.ts";
import { parseAddress } from "./admin-client.ts";
import { anyAddress, onEveryAddress } from "./any-address.ts";
import { durationOption, LEAST_CERTIFICATE_LIFE_MS, LEAST_ROOT_INTRODUCTION_MS } from "./duration-option.ts";
import { parseNetworks } from "./networks-option.ts";
import { addLogOptions } from "./log-options.ts";
import { addInClusterOptions, type InCluster, type InClusterOptions, runInCluster } from "./run-in-cluster.ts";
import { VERSION } from "./version.ts";

interface ControllerCommandOptions extends InClusterOptions {
  readonly namespace: string;
  readonly service: string;
  readonly podName: string;
  readonly podAddress?: string;
  readonly peerToken: string;
  readonly envoyImage: string;
  readonly envoyPullPolicy: "Always" | "IfNotPresent" | "Never";
  readonly certificateLife: number;
  readonly rootIntroduction: number;
  readonly mesh: boolean;
  readonly trustDomain: string;
  readonly unknownDestinations: "pass" | "refuse";
  readonly meshNetworks: readonly string[];
  readonly redirection: "InitContainer" | "Node";
  readonly meshAccessLog: "all" | "failures" | "none";
  readonly captureImage: string;
  readonly bind: "0.0.0.0" | "::";
  readonly xds: string;
  readonly peers: string;
  readonly pods: string;
  readonly health: string;
  readonly admin: string;
}

export function controllerCommand(): Command {
  const command = new Command("controller").description(
    "serve the Gateways of a Kubernetes cluster, with an Envoy for each",
  );
  addInClusterOptions(command)
    .addOption(
      new Option("--namespace <name>", "where Trilith is installed").env("POD_NAMESPACE").default("trilith-system"),
    )
    .option("--service <name>", "the Service and the ServiceAccount of the installation", "trilith")
    .addOption(new Option("--pod-name <name>", "unique among all replicas").env("POD_NAME").makeOptionMandatory())
    .addOption(new Option("--pod-address <address>", "this pod's own, in whose family kubelets ask pods").env("POD_IP"))
    .option("--peer-token <file>", "the token to show to other replicas", "/var/run/secrets/trilith.dev/peers/token")
    .option("--envoy-image <image>", "what Gateways' pods run", "docker.io/envoyproxy/envoy:distroless-v1.40.0")
    .addOption(
      new Option("--envoy-pull-policy <policy>", "when nodes pull that image")
        .choices(["Always", "IfNotPresent", "Never"])
        .default("IfNotPresent"),
    )
    .addOption(
      durationOption(
        "--certificate-life",
        "how long certificates of workloads and of the control plane itself live",
        "24h",
        LEAST_CERTIFICATE_LIFE_MS,
      ),
    )
    .addOption(
      durationOption(
        "--root-introduction",
        "how long a new root is trusted before it signs",
        "1h",
        LEAST_ROOT_INTRODUCTION_MS,
      ),
    )
    .option("--no-mesh", "no sidecars, and routes attach to no Service")
    .option("--trust-domain <name>", "of the identities in the mesh", "cluster.local")
    .addOption(
      new Option(
        "--unknown-destinations <what>",
        "with calls in the mesh to addresses that are nobody's in the cluster",
      )
        .choices(["pass", "refuse"])
        .default("pass"),
    )
    .option("--mesh-networks <list>", "where Services and pods have their addresses", parseNetworks, PRIVATE_NETWORKS)
    .addOption(
      new Option("--mesh-access-log <what>", "of which requests and connections sidecars write a line")
        .choices(["all", "failures", "none"])
        .default("all"),
    )
    .addOption(
      new Option(
        "--redirection <who>",
        "who redirects connections in pods of the mesh: a container of the pod, or its node",
      )
        .choices(["InitContainer", "Node"])
        .default("InitContainer"),
    )
    .option("--capture-image <image>", "what such a container runs", `trilith-capture:${VERSION}`)
    .addOption(
      new Option("--bind <address>", "what Gateways' Envoys listen on; :: takes IPv4, too")
        .choices(["0.0.0.0", "::"])
        .default(anyAddress(), "as this pod has IPv6 or not"),
    )
    .addOption(onEveryAddress("--xds <address>", "where Envoys connect", 18000))
    .addOption(onEveryAddress("--peers <address>", "where other replicas connect", 18001))
    .addOption(onEveryAddress("--pods <address>", "where the API server asks about new pods of the mesh", 18443))
    .addOption(onEveryAddress("--health <address>", "where probes and Prometheus ask", 19000))
    .option("--admin <address>", "where the admin API listens, which asks nobody who they are", "127.0.0.1:19001")
    .addHelpText("after", HELP)
    .action(run);
  return addLogOptions(command, "json");
}

const HELP = `
The chart in charts/trilith runs this. It reads Gateway API objects from the API server, makes a Deployment and a Service for each
Gateway, and writes statuses. Several replicas may run: all of them serve Envoys, one of them writes.

To look into the replicas: trilith get listeners --cluster, trilith envoy --cluster, trilith status mesh --cluster. For findings:
kubectl -n trilith-system port-forward deploy/trilith 19000:19001, then trilith status.

Example, as the chart's container has it:
  trilith controller --envoy-image=docker.io/envoyproxy/envoy:distroless-v1.40.0 --certificate-life=24h --trust-domain=cluster.local
`;

async function run(options: ControllerCommandOptions): Promise<void> {
  const { startController } = await import("../app/index.ts");
  await runInCluster(options, "trilith-controller", (place) => startController(settingsOf(options, place)));
}

const settingsOf = (options: ControllerCommandOptions, place: InCluster): ControllerOptions => ({
  ...place,
  namespace: options.namespace,
  service: options.service,
  replica: options.podName,
  peerTokenFile: options.peerToken,
  bindAddress: options.bind,
  podAddress: options.podAddress,
  envoy: { image: options.envoyImage, pullPolicy: options.envoyPullPolicy },
  identity: { certificateLifeMs: options.certificateLife, rootIntroductionMs: options.rootIntroduction },
  ...(options.mesh && {
    mesh: {
      trustDomain: options.trustDomain,
      unknownDestinations: options.unknownDestinations,
      networks: options.meshNetworks,
      redirection: redirectionOf(options),
      accessLog: options.meshAccessLog,
    },
  }),
  listen: {
    xds: parseAddress(options.xds),
    peers: parseAddress(options.peers),
    pods: parseAddress(options.pods),
    health: parseAddress(options.health),
    admin: parseAddress(options.admin),
  },
});

const redirectionOf = ({ redirection, captureImage, envoyPullPolicy }: ControllerCommandOptions): Redirection =>
  redirection === "Node"
    ? { by: "Node" }
    : { by: "InitContainer", image: { image: captureImage, pullPolicy: envoyPullPolicy } };
