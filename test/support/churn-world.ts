/**
 * A gateway whose configuration never rests: its files, its backends, its load, and what an edit is. An edit says first who may
 * answer from now on, writes, waits until the gateway follows, and says then who alone may answer.
 */
import { startGrpcBackend, startHttpBackend } from "../backends/index.ts";
import type { Backend } from "../backends/index.ts";
import { createCertificateAuthority } from "./certificate-authority.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { freePorts } from "./free-ports.ts";
import { senderOf } from "./load-senders.ts";
import type { LoadProtocol } from "./load-senders.ts";
import { gateway, route, service, tlsSecret, to } from "./manifests.ts";
import type { ListenerManifest, Manifest } from "./manifests.ts";
import { LoadTarget, PacedLoad } from "./paced-load.ts";
import { ServedDirectory } from "./served-directory.ts";

export const GRPC_PATH = "/trilith.test.Echo/Say";
const DRAIN_MS = 5_000;
/** So many right answers in a row, each on a connection of its own, and every worker of Envoy has the change. */
const PROBES = 4;

export interface ChurnPorts {
  readonly http: number;
  readonly https: number;
  readonly other: number;
}

export class ChurnWorld implements AsyncDisposable {
  readonly served: ServedDirectory;
  readonly ports: ChurnPorts;
  readonly load: PacedLoad = new PacedLoad("churn");
  /** Clients that an edit may change the answer for. */
  readonly shop: readonly LoadTarget[];
  readonly api: LoadTarget;
  readonly grpc: LoadTarget;
  readonly secure: LoadTarget;
  readonly moved: LoadTarget;
  /** Served by a Service whose port changes, so that what Envoy has of it goes when its successor comes. */
  readonly ported: readonly LoadTarget[];
  /** Clients that no edit may touch, not even their connections. */
  readonly calm: readonly LoadTarget[];
  readonly authority: CertificateAuthority;
  readonly #backends = new Map<string, Backend>();
  readonly #closing: Promise<void>[] = [];
  #probes = 0;

  private constructor(served: ServedDirectory, ports: ChurnPorts, authority: CertificateAuthority) {
    this.served = served;
    this.ports = ports;
    this.authority = authority;
    const port = ports.http;
    const to = (protocol: LoadProtocol, host: string, path: string, name: string): LoadTarget =>
      new LoadTarget({ protocol, port, host, path }, [name]);
    this.shop = [
      to("http1", "shop.test", "/cart", "one"),
      to("http1-new", "shop.test", "/cart", "one"),
      to("http2", "shop.test", "/cart", "one"),
    ];
    this.api = to("http2", "shop.test", "/api/items", "one");
    this.moved = to("http1", "moved.test", "/", "one");
    const protocols = ["http1", "http1-new", "http2"] as const;
    this.ported = protocols.map((protocol) => to(protocol, "ported.test", "/", "one"));
    this.calm = [
      to("http1-kept", "calm.test", "/", "calm"),
      to("http1-new", "calm.test", "/", "calm"),
      new LoadTarget({ protocol: "https-kept", port: ports.https, host: "secure.test", path: "/" }, ["one"]),
    ];
    this.grpc = new LoadTarget({ protocol: "grpc", port, host: "grpc.test", path: GRPC_PATH }, ["grpc-one"]);
    const secure = { protocol: "https", port: ports.https, host: "secure.test", path: "/" } as const;
    this.secure = new LoadTarget(secure, ["one@first"]);
  }

  static async start(): Promise<ChurnWorld> {
    const served = await ServedDirectory.create({ concurrency: 2 });
    const [http = 0, https = 0, other = 0] = await freePorts(3);
    const world = new ChurnWorld(served, { http, https, other }, await createCertificateAuthority());
    try {
      for (const name of ["one", "two", "calm"]) await world.startBackend(name, name);
      await world.startBackend("grpc-one", "grpc-one");
      await world.startBackend("grpc-two", "grpc-two");
      served.write("certificate.yaml", [await world.issue("first")]);
      world.writeGateway([]);
      world.writeShop({});
      world.writeMoved("one");
      world.writeGrpc("grpc-one");
      world.writePorted(80);
      await world.startBackend("grpc-calm", "grpc-calm");
      const calm = route({
        name: "calm",
        parent: "edge",
        hostnames: ["calm.test"],
        rules: [{ backendRefs: [to("calm")] }],
      });
      const rules = [{ backendRefs: [to("grpc-calm")] }];
      const stream = route({ kind: "GRPCRoute", name: "calm", parent: "edge", hostnames: ["calm-grpc.test"], rules });
      const toOne = [{ backendRefs: [to("one")] }];
      const secure = route({ name: "secure", parent: "edge", hostnames: ["secure.test"], rules: toOne });
      world.served.write("steady.yaml", [calm, stream, secure]);
      await served.start();
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
    for (const target of world.targets) world.load.add(target);
    return world;
  }

  get targets(): readonly LoadTarget[] {
    return [...this.shop, this.api, this.moved, ...this.ported, this.grpc, this.secure, ...this.calm];
  }

  /**
   * Changes who answers: `write` is the edit. Settled when new connections see the new answers, all of them where there are
   * several; then every client sends on for a while.
   */
  async change(targets: readonly LoadTarget[], answers: readonly string[], write: () => void): Promise<void> {
    for (const target of targets) target.allowed = new Set([...target.allowed, ...answers]);
    write();
    for (const target of targets) await this.#settled(target, new Set(answers));
    for (const target of targets) target.allowed = new Set(answers);
    await this.load.more(5);
  }

  /** An edit after which everything answers as before; `isDone` tells that it was taken up. */
  async keep(write: () => void, isDone: () => Promise<boolean>): Promise<void> {
    write();
    await this.served.until("the edit to be taken up", isDone);
    await this.load.more(5);
  }

  async #settled(target: LoadTarget, answers: ReadonlySet<string>): Promise<void> {
    const seen = new Set<string>();
    let row = 0;
    await this.served.until(`${target.name} answered by ${[...answers].join()}`, async () => {
      const sender = senderOf(target.protocol === "http1" ? "http1-new" : target.protocol);
      const { port, host, path } = target;
      this.#probes += 1;
      const last = await sender.send({ port, host, path, id: `probe-${this.#probes}` }).catch(String);
      sender.close();
      row = answers.has(last) ? row + 1 : 0;
      if (row === 0) seen.clear();
      else seen.add(last);
      return row >= PROBES && seen.size === answers.size;
    });
  }

  /** Starts a backend and writes the Service of that name with it as the only endpoint. */
  async startBackend(serviceName: string, name: string): Promise<Backend> {
    const backend = await (name.startsWith("grpc") ? startGrpcBackend({ name }) : startHttpBackend({ name }));
    this.#backends.set(serviceName, backend);
    this.writeService(serviceName, [backend.port]);
    return backend;
  }

  backendOf(serviceName: string): Backend {
    const backend = this.#backends.get(serviceName);
    if (!backend) throw new Error(`no backend ${serviceName}`);
    return backend;
  }

  /** Puts another backend in the place of one, and lets that finish what it has begun, as a pod that got SIGTERM. */
  async replaceBackend(serviceName: string, name: string): Promise<void> {
    const old = this.backendOf(serviceName);
    const successor = await this.startBackend(serviceName, name);
    if (serviceName === "one") this.writePorted(80);
    await this.served.until("the successor to be asked", () => successor.requests > 0);
    await this.served.until("the old backend to be left", async () => {
      const before = old.requests;
      await this.load.more(3);
      return old.requests === before;
    });
    this.#closing.push(old.close({ graceMs: DRAIN_MS }));
  }

  writeService(name: string, ports: readonly number[]): void {
    const options = name.startsWith("grpc") ? { appProtocol: "kubernetes.io/h2c" } : {};
    this.served.write(`services/${name}.yaml`, service(name, ports, options));
  }

  /** A Service of that port, its endpoint and its route, saved together. */
  writePorted(port: number): void {
    const rules = [{ backendRefs: [to("ported", 1, port)] }];
    const ported = route({ name: "ported", parent: "edge", hostnames: ["ported.test"], rules });
    this.served.write("ported.yaml", [...service("ported", [this.backendOf("one").port], { port }), ported]);
  }

  /** The gateway with listeners besides its usual two. */
  writeGateway(more: readonly ListenerManifest[]): void {
    const listeners: ListenerManifest[] = [
      { name: "http", port: this.ports.http },
      { name: "https", port: this.ports.https, protocol: "HTTPS", hostname: "secure.test", certificate: "secure" },
      ...more,
    ];
    this.served.write("gateway.yaml", [gateway("edge", listeners)]);
  }

  /** A new certificate, whose common name is `commonName`. */
  async issue(commonName: string): Promise<Manifest> {
    return tlsSecret("secure", await this.authority.issue({ commonName, names: ["secure.test"] }));
  }

  shopRoute({ backends = [to("one")], rules = [], filters = [], name = "shop" }: ShopOptions): Manifest {
    const everything = { ...(filters.length > 0 && { filters }), backendRefs: backends };
    return route({ name, parent: "edge", hostnames: ["shop.test"], rules: [everything, ...rules] });
  }

  writeShop(options: ShopOptions): void {
    this.served.write("shop.yaml", [this.shopRoute(options)]);
  }

  /** The host in a route of one Service or of the other, in one file. */
  writeMoved(serviceName: string): void {
    const routeTo = (name: string): Manifest => {
      const hostnames = name === serviceName ? [`${name}.test`, "moved.test"] : [`${name}.test`];
      return route({ name: `to-${name}`, parent: "edge", hostnames, rules: [{ backendRefs: [to(name)] }] });
    };
    this.served.write("moved.yaml", [routeTo("one"), routeTo("two")]);
  }

  writeGrpc(serviceName: string): void {
    const rules = [{ matches: [{ method: { service: "trilith.test.Echo" } }], backendRefs: [to(serviceName)] }];
    const grpc = route({ kind: "GRPCRoute", name: "grpc", parent: "edge", hostnames: ["grpc.test"], rules });
    this.served.write("grpc.yaml", [grpc]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.stop();
    await this.served[Symbol.asyncDispose]();
    await Promise.all([...this.#closing, ...this.#backends.values().map((backend) => backend.close())]);
  }
}

export interface ShopOptions {
  readonly backends?: readonly object[];
  readonly filters?: readonly object[];
  readonly rules?: readonly object[];
  readonly name?: string;
}
