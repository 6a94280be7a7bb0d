/** docs/bench-cluster.md. */
import type { Page } from "../page.ts";
import type { Section } from "../section.ts";
import { attachedRoutes } from "./attached-routes.ts";
import { edits } from "./edits.ts";
import { listenerSets } from "./listener-sets.ts";
import { manyRoutes } from "./many-routes.ts";
import { propagation } from "./propagation.ts";

/** Those that take minutes, and not an hour. */
export const usualSections: readonly Section[] = [attachedRoutes, propagation, edits, manyRoutes];

export const clusterPage: Page = {
  file: "bench-cluster.md",
  sections: [...usualSections, listenerSets],
  introduction: `# Bench in a cluster

\`make bench-cluster\` measures Trilith in a Kubernetes of one node (the real API server, etcd and kubelet, of test/cluster), installed as
\`trilith install\` installs it, with two replicas of the controller and one Envoy for each Gateway, and writes this page anew. One section alone: \`node
bench/cluster/main.ts attached\` (or \`propagation\`, \`edits\`, \`many\`); \`listenersets\` runs only where it is named. The whole takes about half an hour on two cores, which
nobody else should be using meanwhile. What is measured is what [gateway-api-bench](https://github.com/howardjohn/gateway-api-bench) measures; the programs are written anew.

Everything runs on one machine: the API server, etcd, the node, both replicas, Envoy, the backend, and what measures. So times hold all of their work. Beside each stands what
the API server alone takes: compare ratios rather than figures of different machines.
`,
};
