/** Limits for a proxy that fit the machine, or the container, that it runs in. They do not change while that runs. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import type { ProxyLimits } from "./bootstrap.ts";

const MAX_CONNECTIONS = 50_000;
const SHARE_OF_MEMORY = 0.75;
/** Listeners, clusters' probes, the control plane, log files. */
const RESERVED_DESCRIPTORS = 512;
const DEFAULT_DESCRIPTORS = 1024;

/** Three quarters of the memory; connections as file descriptors allow, since each has one to a backend too, and 50,000 at most. */
export function machineLimits(): ProxyLimits {
  const descriptors = maxOpenFiles();
  const connections = Math.floor((descriptors - RESERVED_DESCRIPTORS) / 2);
  const constrained = process.constrainedMemory();
  // Without a limit, some kernels report a number beyond any memory.
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    maxConnections: Math.min(MAX_CONNECTIONS, Math.max(1, connections)),
    maxHeapBytes: Math.floor(memory * SHARE_OF_MEMORY),
  };
}

/** The soft limit, which a child process inherits. */
function maxOpenFiles(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    if (soft === "unlimited") return Number.MAX_SAFE_INTEGER;
    return soft === undefined ? DEFAULT_DESCRIPTORS : Number(soft);
  } catch {
    return DEFAULT_DESCRIPTORS;
  }
}
