/**
 * What pods' processes use, as Linux counts it from outside: they run on this machine, and are found by the cgroup that the
 * kubelet gives them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { type ClusterClient, resourcePath } from "../../src/kubernetes/index.ts";
import { processorSeconds, residentMemory } from "../process-usage.ts";

export interface PodProcess {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
}

interface SentPods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string };
    readonly status?: { readonly podIP?: string };
  }[];
}

/** The main process of each pod with these labels: the one that `command` is the name of. */
export async function podProcesses(
  client: ClusterClient,
  namespace: string,
  labelSelector: string,
  command: string,
): Promise<readonly PodProcess[]> {
  const path = resourcePath({ group: "", version: "v1", plural: "pods", namespace });
  const { items } = await client.request<SentPods>({ method: "GET", path, query: { labelSelector } });
  const processes = runningProcesses(command);
  return items.flatMap(({ metadata: { name, uid }, status }) => {
    const found = processes.find(({ cgroup }) => cgroup.includes(uid));
    return found === undefined ? [] : [{ name, pid: found.pid, address: status?.podIP ?? "" }];
  });
}

function runningProcesses(command: string): readonly { readonly pid: number; readonly cgroup: string }[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [program = ""] = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      if (program.split("/").at(-1) !== command) return [];
      return [{ pid: Number(entry), cgroup: readFileSync(`/proc/${entry}/cgroup`, "utf8") }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

export interface Usage {
  readonly at: number;
  readonly processorSeconds: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export const usageOf = ({ pid }: PodProcess): Usage => ({
  at: performance.now(),
  processorSeconds: processorSeconds(pid),
  ...networkBytes(pid),
});

export const peakMiB = ({ pid }: PodProcess): number => residentMemory(pid).peakMiB;
export const residentMiB = ({ pid }: PodProcess): number => residentMemory(pid).nowMiB;

/** All that went through the pod's own interface; loopback is not counted. */
function networkBytes(pid: number): Pick<Usage, "sentBytes" | "receivedBytes"> {
  const line = /^\s*eth0:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/net/dev`, "utf8"))?.[1] ?? "";
  const fields = line.split(/\s+/).map(Number);
  return { receivedBytes: fields[0] ?? 0, sentBytes: fields[8] ?? 0 };
}
