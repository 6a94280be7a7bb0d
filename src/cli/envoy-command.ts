/** `trilith get TYPE` and `trilith envoy`: the Envoy resources that a running Trilith made, with what each was made of. */
import { Argument, Command, Option } from "commander";
import type { ShownResource } from "../app/index.ts";
import { askAdmin, DEFAULT_ADMIN } from "./admin-client.ts";
import { addClusterOptions, type ClusterOptions, meansCluster, withCluster } from "./cluster-options.ts";
import { addInstallationOption } from "./controller-replicas.ts";
import { formatTable } from "./table.ts";

/** What people type, and the kind it names. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["listeners", "listener"],
  ["routes", "routeTable"],
  ["scopes", "routeScope"],
  ["hosts", "virtualHost"],
  ["clusters", "cluster"],
  ["endpoints", "endpoints"],
  ["secrets", "secret"],
  ["filters", "extension"],
]);

interface GetOptions extends ClusterOptions {
  readonly admin: string;
  readonly installation: string;
  readonly output: "table" | "json" | "yaml";
}

export function getCommand(): Command {
  const command = new Command("get")
    .description("list the Envoy resources of a type, with the objects each came from")
    .addArgument(new Argument("<type>", "type of resource").choices([...TYPES.keys()]));
  return withOptions(command, "table")
    .addHelpText(
      "after",
      `${IN_A_CLUSTER}
Examples:
  trilith get hosts
  trilith get clusters -o yaml
  trilith get listeners --context production -n shop
`,
    )
    .action(async (type: string, options: GetOptions) =>
      print(await fetchResources(options, TYPES.get(type)), options),
    );
}

export function envoyCommand(): Command {
  return withOptions(
    new Command("envoy").description("print every Envoy resource, with the objects each came from"),
    "yaml",
  )
    .addHelpText(
      "after",
      `${IN_A_CLUSTER}
Examples:
  trilith envoy > envoy.yaml
  trilith envoy -o table
  trilith envoy --cluster -o table
`,
    )
    .action(async (options: GetOptions) => print(await fetchResources(options, undefined), options));
}

const IN_A_CLUSTER = `
Without an option that names a cluster, a Trilith on this machine is asked. In a cluster, the replicas of the controller are asked
through the API server: STATE is what became of a resource in the Envoys of all of them, and -n shows only what was made of the objects
of a namespace. Your account needs what the Role trilith-diagnostics allows.
`;

function withOptions(command: Command, output: GetOptions["output"]): Command {
  command.option("--admin <address>", "admin API of the running Trilith", DEFAULT_ADMIN);
  addClusterOptions(command, "only what was made of this namespace's objects");
  return addInstallationOption(command).addOption(
    new Option("-o, --output <format>", "how to print").choices(["table", "json", "yaml"]).default(output),
  );
}

async function fetchResources(options: GetOptions, kind: string | undefined): Promise<readonly ShownResource[]> {
  const { admin, installation, namespace } = options;
  if (!meansCluster(options))
    return (await askAdmin(admin, kind === undefined ? "/envoy" : `/envoy?kind=${kind}`)) as readonly ShownResource[];
  const { clusterResources } = await import("./cluster-resources.ts");
  return withCluster(options, (client) => clusterResources(client, { kind, installation, namespace }));
}

async function print(resources: readonly ShownResource[], { output }: GetOptions): Promise<void> {
  if (output === "json") process.stdout.write(`${JSON.stringify(resources, undefined, 2)}\n`);
  else if (output === "yaml") {
    const { stringify } = await import("yaml");
    process.stdout.write(resources.map((resource) => `---\n${stringify(resource)}`).join(""));
  } else process.stdout.write(formatTable(["KIND", "NAME", "STATE", "BYTES", "FROM"], resources.map(rowOf)));
}

function rowOf({ kind, name, delivery, bytes, origins }: ShownResource): string[] {
  const shown = origins.slice(0, 3).join(", ");
  return [kind, name, delivery, String(bytes), origins.length > 3 ? `${shown} and ${origins.length - 3} more` : shown];
}
