/**
 * The load generator for machines without wrk, as a program: its load comes as JSON on standard input, its answer goes as
 * JSON to standard output. Each connection sends its next request when the last one is answered; answers have no body.
 */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Load, LoadAnswer } from "./load-generator.ts";

const load = JSON.parse(await text(process.stdin)) as Load & { readonly connections: number };
const messages = load.requests.map(({ path, header }) =>
  Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${load.host}\r\n${header ? `${header.name}: ${header.value}\r\n` : ""}\r\n`,
  ),
);
const until = performance.now() + load.seconds * 1000;
let next = 0;
let answered = 0;

async function converse(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(load.port, "127.0.0.1");
    const send = (): void => {
      const message = messages[next % messages.length];
      next += 1;
      if (message === undefined || performance.now() > until) {
        socket.destroy();
        resolve();
      } else socket.write(message);
    };
    let received = "";
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("connect", send).on("error", reject);
    socket.on("close", () => reject(new Error("the proxy closed a connection")));
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (!received.endsWith("\r\n\r\n")) return;
      if (!/^HTTP\/1\.1 [23]/.test(received)) reject(new Error(received.split("\r\n")[0]));
      received = "";
      answered += 1;
      send();
    });
  });
}

await Promise.all(Array.from({ length: load.connections }, converse));
const answer: LoadAnswer = { requestsPerSecond: answered / load.seconds };
process.stdout.write(JSON.stringify(answer));
