import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { portProblemOfRefusal } from "./bind-failure.ts";
import { probePort } from "./probe-port.ts";

const address = "127.0.0.1";

describe("a port", () => {
  test("of TCP is taken while somebody listens there, even if they would share it, and free after", async () => {
    const server = createServer();
    server.listen({ port: 0, host: address, reusePort: true });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const before = await probePort({ transport: "tcp", address, port });
    server.close();
    await once(server, "close");
    expect([before, await probePort({ transport: "tcp", address, port })]).toEqual(["taken", "free"]);
  });

  test("of UDP is taken while somebody is bound to it, even if they would share it, and free after", async () => {
    const socket = createSocket({ type: "udp4", reusePort: true });
    socket.bind(0, address);
    await once(socket, "listening");
    const { port } = socket.address();
    const before = await probePort({ transport: "udp", address, port });
    socket.close();
    await once(socket, "close");
    expect([before, await probePort({ transport: "udp", address, port })]).toEqual(["taken", "free"]);
  });

  test("cannot be listened on at an address that this machine does not have", async () => {
    const there = { address: "203.0.113.9", port: 40_000 };
    expect([await probePort({ transport: "tcp", ...there }), await probePort({ transport: "udp", ...there })]).toEqual([
      "no-such-address",
      "no-such-address",
    ]);
  });
});

test("what Envoy says when it cannot bind is told apart from what it has against a listener", () => {
  const details = [
    "Error adding/updating listener(s) b: cannot bind '127.0.0.1:18475': Address already in use\n",
    "Error adding/updating listener(s) b: cannot bind '0.0.0.0:80': Permission denied\n",
    "Error adding/updating listener(s) b: cannot bind '203.0.113.9:80': Cannot assign requested address\n",
    "Error adding/updating listener(s) b: reuse port cannot be changed during an update\n",
  ];
  expect(details.map(portProblemOfRefusal)).toEqual(["taken", "forbidden", "no-such-address", undefined]);
});
