/**
 * How the agent of a node finds the network of a pod, and what the kernel then does in it: with real namespaces, as a container runtime
 * would have pinned them, and no cluster.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { captureRules } from "../../src/mesh/index.ts";
import { NetworkNamespaces } from "../../src/node/index.ts";

const PORT = 15_020;
const NODE = "192.0.2.1";
const rules = captureRules({ excludedInboundPorts: [], excludedOutboundPorts: [], excludedOutboundNetworks: [] });

let folder: string;
let namespaces: NetworkNamespaces;
let ending: AsyncDisposableStack;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trilith-namespaces-"));
  namespaces = new NetworkNamespaces({ folder, nodeAddresses: [NODE], sidecarPort: PORT });
  ending = new AsyncDisposableStack();
  ending.defer(() => rmSync(folder, { recursive: true, force: true }));
});

afterEach(() => ending.disposeAsync());

const within = (name: string, ...command: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync("nsenter", [`--net=${join(folder, name)}`, ...command], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

/** A namespace of the name, with addresses on its loopback. */
function pin(name: string, ...addresses: readonly string[]): void {
  const path = join(folder, name);
  writeFileSync(path, "");
  spawnSync("unshare", [`--net=${path}`, "true"]);
  ending.defer(() => void spawnSync("umount", ["-l", path]));
  within(name, "ip", "link", "set", "lo", "up");
  for (const address of addresses) within(name, "ip", "addr", "add", address, "dev", "lo", "nodad");
}

/** As a sidecar does. It answers whoever connects. */
async function listenIn(name: string): Promise<void> {
  const program = `require("node:net").createServer((c) => c.end("sidecar")).listen(${PORT}, "0.0.0.0", () => console.log("listening"))`;
  const child = spawn("nsenter", [`--net=${join(folder, name)}`, process.execPath, "-e", program]);
  ending.defer(async () => {
    child.kill();
    await once(child, "exit");
  });
  await once(child.stdout, "data");
}

const isRedirected = (name: string): boolean => within(name, "nft", "list", "tables").includes("trilith");

const failureOf = (...addresses: readonly string[]): Promise<unknown> =>
  namespaces.apply(addresses, rules).then(
    () => undefined,
    (error: unknown) => (error as { readonly code: string }).code,
  );

describe.skipIf(!inject("canRunCluster"))("of the network namespaces of a node", () => {
  test("the one that has all addresses of a pod is changed, and no other", async () => {
    for (const [name, address] of [
      ["a", "10.0.0.7"],
      ["b", "10.0.0.8"],
      ["c", "10.0.0.9"],
    ] as const) {
      pin(name, `${address}/32`, `fd00::${address.at(-1) ?? ""}/128`);
      await listenIn(name);
    }
    await namespaces.apply(["10.0.0.8", "fd00:0::8"], rules);
    expect(["a", "b", "c"].map(isRedirected)).toEqual([false, true, false]);
    expect(await failureOf("10.0.0.7", "fd00::9")).toBe("noNamespace");
  });

  test("one that comes later is found, and so is one that gets its address later", async () => {
    pin("first", "10.0.0.7/32");
    pin("bare");
    expect(await failureOf("10.0.0.8")).toBe("noNamespace");
    within("bare", "ip", "addr", "add", "10.0.0.8/32", "dev", "lo");
    await listenIn("bare");
    await namespaces.apply(["10.0.0.8"], rules);
    within("first", "ip", "addr", "add", "10.0.0.9/32", "dev", "lo");
    await listenIn("first");
    await namespaces.apply(["10.0.0.9"], rules);
    expect(["first", "bare"].map(isRedirected)).toEqual([true, true]);
  });

  test("one that an ended pod has left behind, or of a pod outside the mesh, is left alone", async () => {
    writeFileSync(join(folder, "leftover"), "");
    pin("ended", "10.0.0.7/32");
    expect(await failureOf("10.0.0.7")).toBe("notListening");
    pin("live", "10.0.0.7/32");
    await listenIn("live");
    await namespaces.apply(["10.0.0.7"], rules);
    expect(["ended", "live"].map(isRedirected)).toEqual([false, true]);
  });

  test("none is changed where two sidecars have the address", async () => {
    for (const name of ["a", "b"]) {
      pin(name, "10.0.0.7/32");
      await listenIn(name);
    }
    expect([await failureOf("10.0.0.7"), isRedirected("a"), isRedirected("b")]).toEqual(["ambiguous", false, false]);
  });

  test("the node's own is never changed, whatever a pod is said to have", async () => {
    pin("node", `${NODE}/32`, "10.0.0.7/32");
    await listenIn("node");
    expect([await failureOf(NODE), await failureOf("10.0.0.7"), isRedirected("node")]).toEqual([
      "noNamespace",
      "noNamespace",
      false,
    ]);
  });

  test("rules that are not understood change nothing, and those of before stay", async () => {
    pin("a", "10.0.0.7/32");
    await listenIn("a");
    await namespaces.apply(["10.0.0.7"], rules);
    const before = within("a", "nft", "list", "ruleset");
    await expect(namespaces.apply(["10.0.0.7"], `${rules}\nnonsense`)).rejects.toMatchObject({ code: "refused" });
    await namespaces.apply(["10.0.0.7"], rules);
    expect(within("a", "nft", "list", "ruleset")).toBe(before);
  });

  test("a folder that is not there is told of", async () => {
    rmSync(folder, { recursive: true });
    expect(await failureOf("10.0.0.7")).toBe("unreachable");
  });
});
