/** Inside the cluster's network namespace, where its API server and its Gateways can be reached. KUBECONFIG names the former. */
import { runSections, sectionsNamed } from "../run-sections.ts";
import { clusterPage, usualSections } from "./page.ts";

await runSections(clusterPage, sectionsNamed(clusterPage, process.argv.slice(2), usualSections));
