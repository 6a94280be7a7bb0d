/** What is not as it should be in a test cluster, by who says so: for whoever has to find out why a test failed in it. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LOGS, type TestCluster } from "./test-cluster.ts";

/** Of each that has something to say, the last of it. */
const MOST_LINES = 10;
const LONGEST_LINE = 400;

/** In what pods write: calls that a proxy answered with a failure, and what calls itself a trouble, by a word or by pino's number. */
const POD_TROUBLE = /"status":5\d\d|"level":("(warn|error|crit)|[456]0)|\b(WARN|ERROR|FATAL)\b/;
/** Who makes pods, and says where Services have theirs. Its lines begin with their level, then month and day. */
const CONTROLLERS = "kube-controller-manager";
const CONTROLLER_TROUBLE = /^[EFW]\d{4} |retrying/;
const ENDPOINTS =
  "{range .items[*]}{.metadata.namespace}/{.metadata.name}:" +
  "{range .endpoints[*]} {.addresses[0]}={.conditions.ready}{end}{'\\n'}{end}";

/** A heading for each that has something to say, and its lines. */
export function describeCluster(cluster: TestCluster): string {
  const list = (...args: readonly string[]): string[] => cluster.kubectl(["get", "-A", ...args]).output.split("\n");
  const told: (readonly [teller: string, lines: readonly string[]])[] = [
    ["pods that are not ready", list("pods", "--no-headers").filter((line) => !areAllReady(line))],
    ["endpoints, and whether they are ready", list("endpointslices", `--output=jsonpath=${ENDPOINTS}`)],
    ["warnings", list("events", "--no-headers", "--field-selector=type=Warning", "--sort-by=.lastTimestamp")],
    ...globSync("*/*/*.log", { cwd: LOGS.pods }).map(
      (file) => [file, linesOf(join(LOGS.pods, file), POD_TROUBLE)] as const,
    ),
    [CONTROLLERS, linesOf(join(LOGS.components, `${CONTROLLERS}.log`), CONTROLLER_TROUBLE)],
  ];
  return told
    .map(([teller, lines]) => [teller, lines.filter((line) => line !== "").slice(-MOST_LINES)] as const)
    .filter(([, lines]) => lines.length > 0)
    .map(([teller, lines]) => [`${teller}:`, ...lines.map((line) => `  ${line.slice(0, LONGEST_LINE)}`)].join("\n"))
    .join("\n");
}

/** In the table of pods: as many of its containers as there are. */
function areAllReady(line: string): boolean {
  const [, ready, all] = /\s(\d+)\/(\d+)\s/.exec(line) ?? [];
  return ready === all;
}

const linesOf = (file: string, pattern: RegExp): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => pattern.test(line));
