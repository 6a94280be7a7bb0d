/** `trilith install --print`: the manifests of an installation, for those who do not use Helm. It applies nothing itself. */
import { Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "./cli-error.ts";
import { durationText, LEAST_CERTIFICATE_LIFE_MS, LEAST_ROOT_INTRODUCTION_MS } from "./duration-option.ts";
import type { Installation } from "./install-chart.ts";
import { parseNetworks } from "./networks-option.ts";

/** What is not given is as in the chart's values. */
interface InstallOptions extends Partial<Omit<Installation, "namespace" | "secretNamespaces" | "gatewayNamespaces">> {
  readonly print?: boolean;
  readonly namespace: string;
  readonly createNamespace: boolean;
  readonly secretNamespace: readonly string[];
  readonly gatewayNamespace: readonly string[];
}

export function installCommand(): Command {
  return new Command("install")
    .description("print the manifests that install Trilith in a cluster")
    .option("--print", "print them; nothing else is done")
    .option("-n, --namespace <name>", "namespace of the installation", parseNamespace, "trilith-system")
    .option("--replicas <number>", "replicas of the controller", parseReplicas)
    .option("--image <image>", "image of the controller, with its tag")
    .addOption(
      new Option("--image-pull-policy <policy>", "when to pull it").choices(["Always", "IfNotPresent", "Never"]),
    )
    .option("--envoy-image <image>", "image of the proxies that Gateways get")
    .addOption(
      new Option("--envoy-pull-policy <policy>", "when to pull that").choices(["Always", "IfNotPresent", "Never"]),
    )
    .option(
      "--certificate-life <duration>",
      "of the certificates of workloads and of the control plane itself",
      durationText(LEAST_CERTIFICATE_LIFE_MS),
    )
    .option(
      "--root-introduction <duration>",
      "how long a new root is trusted before it signs",
      durationText(LEAST_ROOT_INTRODUCTION_MS),
    )
    .option("--no-mesh", "without the mesh: no sidecars, and routes attach to no Service")
    .option("--trust-domain <name>", "of the identities in the mesh")
    .addOption(
      new Option("--unknown-destinations <what>", "with calls in the mesh to addresses that are nobody's").choices([
        "pass",
        "refuse",
      ]),
    )
    .option(
      "--mesh-networks <list>",
      "where Services and pods have their addresses: 10.0.0.0/8,fd00::/8",
      parseNetworks,
    )
    .addOption(
      new Option("--mesh-access-log <what>", "of which requests and connections sidecars write a line").choices([
        "all",
        "failures",
        "none",
      ]),
    )
    .addOption(
      new Option("--redirection <who>", "who redirects connections in pods of the mesh").choices([
        "InitContainer",
        "Node",
      ]),
    )
    .option("--capture-image <image>", "image of init containers that do")
    .option("--node-image <image>", "image of the agent on each node that does")
    .option("--network-namespaces <folder>", "where nodes pin the network namespaces of pods")
    .option("--x-mesh", "with the XMesh trilith (the Gateway API's experimental CRDs must be there)")
    .addOption(new Option("--log-level <level>", "how much to log").choices(["debug", "info", "warn", "error"]))
    .option("--secret-namespace <name>", "namespace whose Secrets may be read (again for more; none: all)", collect, [])
    .option(
      "--gateway-namespace <name>",
      "namespace whose Gateways may get proxies (again for more; none: all)",
      collect,
      [],
    )
    .option("--no-gateway-class", "without the GatewayClass trilith")
    .option("--no-crds", "without Trilith's own CustomResourceDefinitions")
    .option("--no-create-namespace", "without the namespace")
    .addHelpText("after", HELP)
    .action(print);
}

const HELP = `
What is not said is as in the chart's values.yaml. The Gateway API's own CustomResourceDefinitions must be in the cluster
before. The manifests are those of the Helm chart charts/trilith, which has more to set.

Examples:
  trilith install --print | kubectl apply --server-side -f -
  trilith install --print --replicas 3 --image registry.example.com/trilith:0.1.0 > trilith.yaml
`;

async function print(options: InstallOptions): Promise<void> {
  if (!options.print)
    throw new CliError('nothing is applied by "trilith install" itself; ask for the manifests with --print');
  const [{ defaultInstallation, manifestsOf, namespaceManifest }, { stringify }] = await Promise.all([
    import("./install-manifests.ts"),
    import("yaml"),
  ]);
  const { secretNamespace, gatewayNamespace, ...others } = options;
  const installation: Installation = {
    ...defaultInstallation(),
    ...others,
    secretNamespaces: secretNamespace,
    gatewayNamespaces: gatewayNamespace,
  };
  const manifests = [
    ...(options.createNamespace ? [namespaceManifest(options.namespace)] : []),
    ...manifestsOf(installation),
  ];
  // No anchors: what stands twice is written twice, as people expect of manifests.
  const text = manifests.map((manifest) => `---\n${stringify(manifest, { aliasDuplicateObjects: false })}`);
  process.stdout.write(text.join(""));
}

function parseNamespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError(
      "it must be a name of lower-case letters, digits and dashes, of at most 63 characters.",
    );
  return text;
}

function parseReplicas(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 20)
    throw new InvalidArgumentError("it must be a number from 1 to 20.");
  return count;
}

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, parseNamespace(text)];
