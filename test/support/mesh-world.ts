/**
 * A small mesh on this machine: web calls cart, of which there are two versions, and so does a visitor from another namespace. Programs
 * are the tests' own backends; each has a sidecar, which `trilith serve` runs.
 */
import { join } from "node:path";
import { AdminClient } from "../../src/proxy/index.ts";
import { type Backend, type Echo, startHttpBackend } from "../backends/index.ts";
import { freePorts } from "./free-ports.ts";
import { LoopbackAddresses } from "./loopback-addresses.ts";
import { type Manifest, selecting, workload } from "./manifests.ts";
import { type RawAnswer, rawRequest, type RawRequest } from "./raw-request.ts";
import { ServedDirectory } from "./served-directory.ts";

export type Caller = "web" | "visitor";
export type Version = "cart-v1" | "cart-v2";

/** At every address of the world: addresses differ, so that ports need not. */
export const CART_PORT = 8080;

export class MeshWorld implements AsyncDisposable {
  readonly served: ServedDirectory;
  /** Where each caller calls cart. */
  readonly ports: Readonly<Record<Caller, number>>;
  readonly programs: Map<Version, Backend> = new Map();
  readonly #addresses: Readonly<Record<Caller | Version, string>>;
  readonly #localPorts: Readonly<Record<Version, number>>;

  private constructor(served: ServedDirectory, ports: readonly number[]) {
    const [web = 0, visitor = 0, first = 0, second = 0] = ports;
    const addresses = new LoopbackAddresses();
    this.served = served;
    this.ports = { web, visitor };
    this.#addresses = {
      "cart-v1": addresses.next(),
      "cart-v2": addresses.next(),
      web: addresses.next(),
      visitor: addresses.next(),
    };
    this.#localPorts = { "cart-v1": first, "cart-v2": second };
  }

  /** Resolves when every sidecar serves. `more`: options of `trilith serve`. */
  static async start(manifests: readonly Manifest[] = [], more: readonly string[] = []): Promise<MeshWorld> {
    await using starting = new AsyncDisposableStack();
    const served = starting.use(await ServedDirectory.create({ more }));
    const world = new MeshWorld(served, await freePorts(4));
    starting.defer(() => world.#endPrograms());
    for (const version of ["cart-v1", "cart-v2"] as const) await world.startProgram(version);
    served.write("workloads.yaml", world.workloads());
    served.write("services.yaml", [
      selecting("cart", "shop", { app: "cart" }, CART_PORT),
      ...(["cart-v1", "cart-v2"] as const).map((name) => selecting(name, "shop", { version: name }, CART_PORT)),
    ]);
    served.write("more.yaml", manifests);
    await served.start();
    starting.move();
    return world;
  }

  /** `calls` of the callers go to this Service. */
  workloads(service = "cart"): Manifest[] {
    const calls = (localPort: number): object[] => [
      { service: { namespace: "shop", name: service }, port: CART_PORT, localPort },
    ];
    const cart = (name: Version): Manifest =>
      workload({
        name,
        namespace: "shop",
        account: "cart",
        address: this.#addresses[name],
        labels: { app: "cart", version: name },
        ports: [{ port: CART_PORT, localPort: this.#localPorts[name] }],
      });
    const caller = (name: Caller, namespace: string): Manifest =>
      workload({ name, namespace, account: name, address: this.#addresses[name], calls: calls(this.ports[name]) });
    return [cart("cart-v1"), cart("cart-v2"), caller("web", "shop"), caller("visitor", "street")];
  }

  async startProgram(name: Version): Promise<void> {
    this.programs.set(name, await startHttpBackend({ name, port: this.#localPorts[name] }));
  }

  /** Where others reach it. */
  at(name: Version): { readonly address: string; readonly port: number } {
    return { address: this.#addresses[name], port: CART_PORT };
  }

  async call(caller: Caller, request: Omit<RawRequest, "port"> = {}): Promise<RawAnswer> {
    return await rawRequest({ port: this.ports[caller], host: "cart", ...request });
  }

  /** Which program answered; or the status, where none did. */
  async backendOf(caller: Caller, request: Omit<RawRequest, "port"> = {}): Promise<string> {
    const { status, body } = await this.call(caller, request);
    return status === 200 ? (JSON.parse(body) as Echo).backend : `status ${status}`;
  }

  /** The sum of all sidecars' statistics with this end of their names. */
  async counted(suffix: string): Promise<number> {
    const texts = await Promise.all(
      this.served
        .sidecars()
        .map((directory) => new AdminClient(join(directory, "envoy-admin.sock")).get("/stats?usedonly")),
    );
    return texts
      .join("\n")
      .split("\n")
      .flatMap((line) => (line.replace(/: .*$/, "").endsWith(suffix) ? [Number(line.replace(/^.*: /, ""))] : []))
      .reduce((sum, value) => sum + value, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.served[Symbol.asyncDispose]();
    await this.#endPrograms();
  }

  async #endPrograms(): Promise<void> {
    await Promise.all([...this.programs.values()].map((program) => program.close()));
  }
}
