/** One request of each kind that the examples route, and whether the answer is the one that they ask for. */
import { setTimeout as delay } from "node:timers/promises";
import type { Echo } from "../test/backends/index.ts";
import { callGrpc } from "../test/support/grpc-call.ts";
import { type RawAnswer, rawRequest } from "../test/support/raw-request.ts";
import { exchangeDatagram, exchangeLine } from "../test/support/stream-exchange.ts";
import type { Answered } from "./answered.ts";
import type { DemoBackends } from "./backends.ts";

const HTTP = 8080;
const TLS = 8443;
const STORE = "store.example.com";

export async function askEverything(backends: DemoBackends): Promise<Answered[]> {
  return [
    await weightedSplit(),
    await headerMatch(),
    await redirect(),
    await rewrite(),
    await mirror(backends),
    await https(),
    await grpc(),
    await passthrough(),
    await tcp(),
    await udp(),
  ];
}

async function weightedSplit(): Promise<Answered> {
  const total = 200;
  const names = await Promise.all(
    Array.from({ length: total }, async () => echoOf(await rawRequest({ port: HTTP, host: STORE })).backend),
  );
  const second = names.filter((name) => name === "store-v2").length;
  // Nine to one; 200 tries lie within 4 standard deviations of 20 all but one time in ten thousand.
  return {
    asked: `${total} × GET ${STORE}/`,
    got: `store-v1 ${total - second}, store-v2 ${second}`,
    isRight: second >= 3 && second <= 37,
  };
}

async function headerMatch(): Promise<Answered> {
  const answer = await rawRequest({ port: HTTP, host: STORE, headers: [["x-version", "v2"]] });
  const { backend } = echoOf(answer);
  return { asked: `GET ${STORE}/ with x-version: v2`, got: backend, isRight: backend === "store-v2" };
}

async function redirect(): Promise<Answered> {
  const { status, headers } = await rawRequest({ port: HTTP, host: STORE, path: "/old/shoes?size=9" });
  const location = headers["location"] ?? "";
  return {
    asked: `GET ${STORE}/old/shoes?size=9`,
    got: `${status} to ${location}`,
    isRight: status === 301 && location === `http://${STORE}:${HTTP}/new/shoes?size=9`,
  };
}

async function rewrite(): Promise<Answered> {
  const { backend, host, path } = echoOf(await rawRequest({ port: HTTP, host: STORE, path: "/api/carts" }));
  const got = `${backend} got ${host}${path}`;
  return { asked: `GET ${STORE}/api/carts`, got, isRight: got === "store-v1 got internal.example.com/v1/carts" };
}

async function mirror({ audit }: DemoBackends): Promise<Answered> {
  const before = audit.requests;
  await rawRequest({ port: HTTP, host: STORE, path: "/api/orders" });
  for (let tries = 0; audit.requests === before && tries < 100; tries++) await delay(20);
  const copies = audit.requests - before;
  return {
    asked: `GET ${STORE}/api/orders`,
    got: `copied to audit ${copies === 1 ? "once" : `${copies} times`}`,
    isRight: copies === 1,
  };
}

async function https(): Promise<Answered> {
  const host = "secure.example.com";
  const answer = await rawRequest({ port: TLS, host, tls: { servername: host } });
  const got = `${echoOf(answer).backend}, strict-transport-security: ${answer.headers["strict-transport-security"]}`;
  return {
    asked: `GET https://${host}:${TLS}/`,
    got,
    isRight: got === "store-v1, strict-transport-security: max-age=31536000",
  };
}

async function grpc(): Promise<Answered> {
  const path = "/trilith.test.Echo/Say";
  const { status, replies } = await callGrpc({
    port: HTTP,
    authority: "grpc.example.com",
    path,
    request: { text: "hello" },
  });
  const got = `status ${status}, ${replies[0]?.backend} says ${JSON.stringify(replies[0]?.text)}`;
  return {
    asked: `gRPC grpc.example.com${path} "hello"`,
    got,
    isRight: status === 0 && replies[0]?.backend === "greeter",
  };
}

async function passthrough(): Promise<Answered> {
  const got = await exchangeLine(TLS, "hello", { servername: "raw.example.com" });
  return { asked: `TLS raw.example.com:${TLS} (passed through) "hello"`, got, isRight: got.startsWith("raw") };
}

async function tcp(): Promise<Answered> {
  const got = await exchangeLine(9100, "hello");
  return { asked: 'TCP :9100 "hello"', got, isRight: got.startsWith("lines") };
}

async function udp(): Promise<Answered> {
  const got = await exchangeDatagram(9101, "hello");
  return { asked: 'UDP :9101 "hello"', got, isRight: got.startsWith("datagrams") };
}

export function echoOf({ status, body }: RawAnswer): Pick<Echo, "backend" | "host" | "path"> {
  return status === 200 ? (JSON.parse(body) as Echo) : { backend: `status ${status}`, host: "", path: "" };
}
