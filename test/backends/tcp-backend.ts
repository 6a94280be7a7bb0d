/** A backend of lines over TCP or TLS: each line comes back with the backend's name before it ("blue: hello"). */
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { createServer as createTlsServer } from "node:tls";
import { listenOnLoopback, OpenConnections } from "./backend.ts";
import type { Backend, BackendOptions, BackendTls } from "./backend.ts";
import { tlsOptions } from "./tls-options.ts";

export async function startTcpBackend(options: BackendOptions): Promise<Backend> {
  return await startLineBackend(options);
}

export async function startTlsBackend(options: BackendOptions & { readonly tls: BackendTls }): Promise<Backend> {
  return await startLineBackend(options, options.tls);
}

async function startLineBackend(options: BackendOptions, tls?: BackendTls): Promise<Backend> {
  let requests = 0;
  const server = tls ? createTlsServer(tlsOptions(tls)) : createTcpServer();
  const open = new OpenConnections(server);
  server.on(tls ? "secureConnection" : "connection", (connection: Socket) => {
    requests += 1;
    connection.on("error", () => connection.destroy());
    const lines = createInterface(connection);
    lines.on("error", () => {});
    lines.on("line", (line) => connection.write(`${options.name}: ${line}\n`));
  });
  const port = await listenOnLoopback(server, options.port);
  return {
    name: options.name,
    port,
    get requests() {
      return requests;
    },
    close: ({ graceMs = 0 } = {}) => open.close(graceMs),
  };
}
