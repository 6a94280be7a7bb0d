import { expect, test } from "vitest";
import { workloadOf } from "./workload.ts";

const keptBy = (kind: string, name: string) => [
  { kind: "Other", name: "x" },
  { kind, name, controller: true },
];

test.each([
  [
    "a Deployment's",
    { labels: { "pod-template-hash": "5d8f" }, ownerReferences: keptBy("ReplicaSet", "cart-5d8f") },
    "cart",
  ],
  ["a ReplicaSet's", { ownerReferences: keptBy("ReplicaSet", "cart-5d8f") }, "cart-5d8f"],
  ["a StatefulSet's", { name: "db-0", ownerReferences: keptBy("StatefulSet", "db") }, "db"],
  ["a CronJob's", { ownerReferences: keptBy("Job", "report-29384756") }, "report"],
  ["a Job's", { ownerReferences: keptBy("Job", "migrate-2") }, "migrate-2"],
  ["nobody's", { name: "shell", ownerReferences: [{ kind: "Other", name: "x" }] }, "shell"],
  ["nobody's, before it has a name", { generateName: "shell-" }, "shell"],
])("a pod that is %s is known by it", (_, metadata, workload) => {
  expect(workloadOf(metadata)).toBe(workload);
});
