/** kubectl in a test cluster, for tests that stop where it fails. */
import type { TestCluster } from "./test-cluster.ts";

/** What it prints. Throws where it fails. */
export function kubectl(cluster: TestCluster, args: readonly string[]): string {
  const { status, output } = cluster.kubectl(args);
  if (status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${output}`);
  return output;
}

/** Throws where the API server refuses one of them. */
export function applyObjects(cluster: TestCluster, objects: readonly object[]): void {
  // kubectl reads YAML 1.1, to which many a text is something else, but not in JSON; behind that, it may take no "---".
  const input = objects.map((object) => JSON.stringify(object)).join("\n");
  const { status, output } = cluster.kubectl(["apply", "--server-side", "-f", "-"], { input });
  if (status !== 0) throw new Error(output);
}
