/** A backend of datagrams: each comes back with the backend's name before it ("blue: hello"). */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Backend, BackendOptions } from "./backend.ts";

export async function startUdpBackend(options: BackendOptions): Promise<Backend> {
  let requests = 0;
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    requests += 1;
    socket.send(Buffer.concat([Buffer.from(`${options.name}: `), message]), from.port, from.address);
  });
  socket.bind(options.port ?? 0, "127.0.0.1");
  await once(socket, "listening");
  return {
    name: options.name,
    port: socket.address().port,
    get requests() {
      return requests;
    },
    close: () => new Promise((closed) => socket.close(() => closed())),
  };
}
