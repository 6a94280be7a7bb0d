/**
 * The network namespaces of the node's pods, as the container runtime pins them: files in one folder, whose names say nothing of whose
 * they are. So a pod's is found by its addresses; and by its sidecar, which must listen in it. Then neither what an ended pod has left
 * behind nor that of a pod outside the mesh is ever changed. Where two are left, none is: one of them is somebody else's.
 *
 * Addresses that were read once are remembered, since reading them takes a process for each namespace; before a namespace is changed they
 * are read again.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runInNamespace } from "./enter-namespace.ts";
import { canonicalAddress } from "../resources/index.ts";
import { listeningPorts, localAddresses } from "./network-facts.ts";
import { RedirectionError } from "./redirection-error.ts";

export interface NetworkNamespacesOptions {
  /** Where they are pinned. */
  readonly folder: string;
  /** A namespace that has one of these is the node's own, and never a pod's. */
  readonly nodeAddresses: readonly string[];
  /** Where sidecars listen. */
  readonly sidecarPort: number;
}

const ADDRESSES = ["/proc/net/fib_trie", "/proc/net/if_inet6"];
const SOCKETS = ["/proc/net/tcp", "/proc/net/tcp6"];

/** The addresses of a namespace, by the name of its file and its inode: a name may come again. */
type Known = ReadonlyMap<string, ReadonlySet<string>>;

export class NetworkNamespaces {
  readonly #options: NetworkNamespacesOptions;
  #known: Known = new Map();

  constructor(options: NetworkNamespacesOptions) {
    this.#options = options;
  }

  /** Has the kernel do in a pod's namespace what a program of nftables says, all of it or nothing. Rejects with a RedirectionError. */
  async apply(addresses: readonly string[], rules: string): Promise<void> {
    const { status, stderr } = await runInNamespace(await this.#find(addresses), "nft", [rules]);
    if (status !== 0) throw new RedirectionError("refused", `nft: ${stderr.trim() || "it did not end"}`);
  }

  async #find(addresses: readonly string[]): Promise<string> {
    const { folder, sidecarPort } = this.#options;
    const what = `network namespaces in ${folder} have ${addresses.join(" and ")}`;
    const wanted = addresses.map(canonicalAddress);
    const found = await this.#search(wanted);
    if (found.length === 0) throw new RedirectionError("noNamespace", `no ${what}`);
    const states = await Promise.all(found.map((path) => factsOf(path, [...ADDRESSES, ...SOCKETS])));
    const current = found.filter((_, index) => this.#isOf(wanted, localAddresses(states[index] ?? "")));
    const live = current.filter((path) => listeningPorts(states[found.indexOf(path)] ?? "").has(sidecarPort));
    const [chosen] = live;
    if (chosen === undefined)
      throw new RedirectionError("notListening", `no sidecar listens on port ${sidecarPort} where ${what}`);
    if (live.length > 1) throw new RedirectionError("ambiguous", `${live.length} ${what}, and a sidecar each`);
    return chosen;
  }

  /** What was not known is read; where nothing is found, all of it, since an address may have come later. */
  async #search(wanted: readonly string[]): Promise<readonly string[]> {
    const files = await this.#files();
    const matching = (): string[] =>
      [...files].filter(([key]) => this.#isOf(wanted, this.#known.get(key))).map(([, path]) => path);
    this.#known = await readUnknown(files, this.#known);
    if (matching().length === 0) this.#known = await readUnknown(files, new Map());
    return matching();
  }

  async #files(): Promise<ReadonlyMap<string, string>> {
    const { folder } = this.#options;
    try {
      const files = new Map<string, string>();
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const inode = (await stat(path).catch(() => undefined))?.ino;
        if (inode !== undefined) files.set(`${name} ${inode}`, path);
      }
      return files;
    } catch (cause) {
      throw new RedirectionError("unreachable", `${folder} cannot be read: ${String(cause)}`, { cause });
    }
  }

  #isOf(wanted: readonly string[], addresses: ReadonlySet<string> | undefined): boolean {
    if (addresses === undefined || wanted.length === 0) return false;
    const isNode = this.#options.nodeAddresses.some((address) => addresses.has(canonicalAddress(address)));
    return !isNode && wanted.every((address) => addresses.has(address));
  }
}

/** A namespace gets its addresses some time after it is made: one without any is not known. */
async function readUnknown(files: ReadonlyMap<string, string>, known: Known): Promise<Known> {
  const all = new Map<string, ReadonlySet<string>>();
  for (const [key, path] of files) {
    const addresses = known.get(key) ?? localAddresses(await factsOf(path, ADDRESSES));
    if ([...addresses].some((address) => !isLoopback(address))) all.set(key, addresses);
  }
  return all;
}

/** Nothing where the file is no namespace any more: container runtimes leave some behind. A kernel without IPv6 has not all of these. */
const factsOf = async (path: string, files: readonly string[]): Promise<string> =>
  (await runInNamespace(path, "cat", files)).stdout;

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
