import { connect, createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { Http2Connection } from "./http2-connection.ts";

async function listening(answer: (stream: ServerHttp2Stream) => void): Promise<Http2Server> {
  const server = createServer();
  server.on("stream", answer);
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await expect.poll(() => server.listening).toBe(true);
  return server;
}

function connectionTo(server: Http2Server): Http2Connection {
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => session.destroy());
  // Of the socket only the number of bytes is looked at, and that never within this test.
  return new Http2Connection(session, {} as TLSSocket, 60_000);
}

test("an answer that was complete before anybody read it is all there", async () => {
  let ended = 0;
  const server = await listening((stream) => {
    stream.once("close", () => (ended += 1));
    stream.respond({ ":status": 200 });
    stream.end("hello");
  });
  const connection = connectionTo(server);
  connection.reserve();
  const { signal } = new AbortController();
  const { body } = await connection.send({ method: "GET", path: "/", headers: {}, signal });
  await expect.poll(() => ended).toBe(1);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  expect(Buffer.concat(pieces).toString()).toBe("hello");
});
