/** `trilith status mesh`: the proxies, what they have acknowledged, until when their identities hold, and which replica serves them. */
import { Command, Option } from "commander";
import { askAdmin, DEFAULT_ADMIN } from "./admin-client.ts";
import { addClusterOptions, type ClusterOptions, meansCluster, withCluster } from "./cluster-options.ts";
import { addInstallationOption, askReplicas, type ReplicaAnswer } from "./controller-replicas.ts";
import { type MeshProxy, meshProxies, type ProxiesAnswer } from "./mesh-status.ts";
import { formatTable } from "./table.ts";

interface MeshStatusOptions extends ClusterOptions {
  readonly admin: string;
  readonly installation: string;
  readonly output: "table" | "json";
}

export function meshStatusCommand(): Command {
  const command = new Command("mesh")
    .description("show the proxies of Gateways and of the mesh: in sync or lagging, their identities, their replicas")
    .option("--admin <address>", "admin API of the running Trilith", DEFAULT_ADMIN);
  addClusterOptions(command, "only the proxies in this namespace");
  return addInstallationOption(command)
    .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText("after", HELP)
    .action(async (_: unknown, self: Command) => {
      // Options that the command above has as well are taken by it.
      const options = self.optsWithGlobals<MeshStatusOptions>();
      const proxies = meshProxies(await ask(options), options.namespace);
      const isJson = options.output === "json";
      process.stdout.write(isJson ? `${JSON.stringify(proxies, undefined, 2)}\n` : tableOf(proxies));
    });
}

const HELP = `
In a cluster, the replicas of the controller are asked through the API server; your account needs what the Role trilith-diagnostics
allows. A proxy is in sync when it has acknowledged the newest version of all that it is to have; BEHIND says of how many it has not.
Identities live a day, if the installation says nothing else, and are renewed when a 24th of that is over: one with less than 22 hours
left was not renewed when it should have been.

Examples:
  trilith status mesh --cluster
  trilith status mesh --context production -n shop
  trilith status mesh --cluster -o json
  trilith status mesh                          # a Trilith on this machine
`;

async function ask(options: MeshStatusOptions): Promise<readonly ReplicaAnswer<ProxiesAnswer>[]> {
  if (meansCluster(options))
    return withCluster(options, (client) => askReplicas<ProxiesAnswer>(client, options.installation, "/proxies"));
  return [{ replica: options.admin, answer: (await askAdmin(options.admin, "/proxies")) as ProxiesAnswer }];
}

function tableOf(proxies: readonly MeshProxy[]): string {
  if (proxies.length === 0) return "no proxies\n";
  const header = ["PROXY", "POD", "STATE", "BEHIND", "IDENTITY UNTIL", "REPLICA"];
  const count = (wanted: MeshProxy["state"]): number => proxies.filter(({ state }) => state === wanted).length;
  const states = (["in sync", "lagging", "not connected"] as const).map((state) => `${count(state)} ${state}`);
  return `${formatTable(header, proxies.map(rowOf))}\n${proxies.length} proxies: ${states.join(", ")}\n`;
}

const rowOf = ({ proxy, pod, state, behind, identityUntil, replica }: MeshProxy): readonly string[] => [
  proxy,
  pod,
  state,
  behind === undefined ? "" : String(behind),
  // To the second.
  identityUntil?.replace(/\.\d+Z$/, "Z") ?? "",
  replica ?? "",
];
