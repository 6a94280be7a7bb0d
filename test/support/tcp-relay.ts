/**
 * What a Service is to its clients: one address, before one of several servers. Where new connections go can be changed, and
 * those that are open can be broken, as when the pod behind them goes.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class TcpRelay implements AsyncDisposable {
  /** Connections break when the server has sent so much on them. */
  mostBytes: number = Number.POSITIVE_INFINITY;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: number;
  #accepted = 0;

  private constructor(server: Server, target: number) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#relay(client));
  }

  /** To this port of loopback. */
  static async start(target: number): Promise<TcpRelay> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpRelay(server, target);
  }

  /** How many connections there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  /** New connections go there, and those that are open break. */
  moveTo(target: number): void {
    this.#target = target;
    this.breakConnections();
  }

  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.breakConnections();
    await closed;
  }

  #relay(client: Socket): void {
    this.#accepted += 1;
    const server = connect(this.#target, "127.0.0.1");
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      // One that breaks takes the other with it; why it broke is nobody's matter here.
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    let bytes = 0;
    server.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > this.mostBytes) client.destroy();
    });
    client.pipe(server).pipe(client);
  }
}
