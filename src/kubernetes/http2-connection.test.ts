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

const ENDS: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  "with an error": (stream) => stream.destroy(new Error("broken")),
  "with its connection": ({ session }) => session?.destroy(),
};

test.each(Object.keys(ENDS))("an answer that breaks off %s gives what came, and then fails", async (how) => {
  let broken: ServerHttp2Stream | undefined;
  const server = await listening((stream) => {
    broken = stream.on("error", () => undefined);
    stream.respond({ ":status": 200 });
    stream.write("hel");
  });
  const connection = connectionTo(server);
  connection.reserve();
  const { signal } = new AbortController();
  const { body } = await connection.send({ method: "GET", path: "/", headers: {}, signal });
  let text = "";
  const reading = (async () => {
    for await (const piece of body) {
      text += Buffer.from(piece).toString();
      if (broken) ENDS[how]?.(broken);
    }
  })();
  await expect(reading).rejects.toThrow();
  expect(text).toBe("hel");
});

test("an answer that nobody takes waits at the server, and is all there when somebody does", async () => {
  const piece = Buffer.alloc(64 * 1024, "x");
  const pieces = 128;
  let sent = 0;
  const server = await listening((stream) => {
    stream.respond({ ":status": 200 });
    const send = (): void => {
      if (sent === pieces) stream.end();
      else stream.write(piece, () => send());
      sent += sent === pieces ? 0 : 1;
    };
    send();
  });
  const connection = connectionTo(server);
  connection.reserve();
  const { signal } = new AbortController();
  const { body } = await connection.send({ method: "GET", path: "/", headers: {}, signal });
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  const sentBefore = sent;
  let bytes = 0;
  for await (const { length } of body) bytes += length;
  expect({ waited: sentBefore < pieces, bytes }).toEqual({ waited: true, bytes: pieces * piece.length });
});
