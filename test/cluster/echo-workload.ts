/** Workloads of a test cluster that answer with what they were asked, and have a client for calls from their pods. */
import { ECHO_ADVANCED_IMAGE } from "./images.ts";

/** What a pod is to be besides. */
export interface EchoWishes {
  /** Beside `name`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the server: what it listens on. */
  readonly args?: readonly string[];
  /** Fields of the pod's spec, and of its container: probes, for one. */
  readonly pod?: object;
  readonly container?: object;
}

/** One that tests change in part. */
export interface ObjectWithSpec {
  readonly spec: object;
  readonly [field: string]: unknown;
}

export const namespaceObject = (name: string, labels: Readonly<Record<string, string>> = {}): object => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

/** HTTP on 8080, and bytes on 9090. */
const ARGUMENTS = ["--port=8080", "--tcp=9090"];

/** Its label `name` is what selects it. */
export const echoPod = (name: string, { args = ARGUMENTS, ...wishes }: EchoWishes = {}): object => ({
  metadata: { labels: { name, ...wishes.labels }, annotations: wishes.annotations ?? {} },
  spec: {
    terminationGracePeriodSeconds: 1,
    ...wishes.pod,
    containers: [{ name: "echo", image: ECHO_ADVANCED_IMAGE, imagePullPolicy: "Never", args, ...wishes.container }],
  },
});

export const echoDeployment = (namespace: string, name: string, wishes: EchoWishes = {}): ObjectWithSpec => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: { selector: { matchLabels: { name } }, template: echoPod(name, wishes) },
});

/** With a ServiceAccount of its name. */
export const echoWithAccount = (namespace: string, name: string, wishes: EchoWishes = {}): object[] => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
  echoDeployment(namespace, name, { ...wishes, pod: { serviceAccountName: name, ...wishes.pod } }),
];

/** The arguments of kubectl by which a workload's client calls. */
export const clientOf = (namespace: string, workload: string, ...args: readonly string[]): readonly string[] => [
  "-n",
  namespace,
  "exec",
  `deploy/${workload}`,
  ..."-c echo -- client".split(" "),
  ...args,
];

/** Of a client's first answer; undefined where none came. */
export const statusOf = (output: string): string | undefined => /StatusCode=(\d+)/.exec(output)?.[1];

/**
 * How many of a client's answers had which status. A call without an answer is in none; that a call succeeded, the client says
 * whatever the status.
 */
export function countStatuses(output: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [, status = ""] of output.matchAll(/StatusCode=(\d+)/g)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
