/** `trilith get TYPE` and `trilith envoy`: the Envoy resources that a running Trilith made, with what each was made of. */
import { Argument, Command, Option } from "commander";
import type { ShownResource } from "../app/index.ts";
import { askAdmin, DEFAULT_ADMIN } from "./admin-client.ts";
import { formatTable } from "./table.ts";

/** What people type, and the kind it names. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["listeners", "listener"],
  ["routes", "routeTable"],
  ["hosts", "virtualHost"],
  ["clusters", "cluster"],
  ["endpoints", "endpoints"],
  ["secrets", "secret"],
  ["filters", "extension"],
]);

interface GetOptions {
  readonly admin: string;
  readonly output: "table" | "json" | "yaml";
}

export function getCommand(): Command {
  const command = new Command("get")
    .description("list the Envoy resources of a type, with the objects each came from")
    .addArgument(new Argument("<type>", "type of resource").choices([...TYPES.keys()]));
  return withOptions(command, "table")
    .addHelpText("after", "\nExamples:\n  trilith get hosts\n  trilith get clusters -o yaml\n")
    .action(async (type: string, options: GetOptions) =>
      print(await fetchResources(options, TYPES.get(type)), options),
    );
}

export function envoyCommand(): Command {
  return withOptions(
    new Command("envoy").description("print every Envoy resource, with the objects each came from"),
    "yaml",
  )
    .addHelpText("after", "\nExamples:\n  trilith envoy > envoy.yaml\n  trilith envoy -o table\n")
    .action(async (options: GetOptions) => print(await fetchResources(options, undefined), options));
}

function withOptions(command: Command, output: GetOptions["output"]): Command {
  return command
    .option("--admin <address>", "admin API of the running Trilith", DEFAULT_ADMIN)
    .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json", "yaml"]).default(output));
}

async function fetchResources({ admin }: GetOptions, kind: string | undefined): Promise<readonly ShownResource[]> {
  return (await askAdmin(admin, kind === undefined ? "/envoy" : `/envoy?kind=${kind}`)) as readonly ShownResource[];
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
