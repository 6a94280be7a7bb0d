/** Calls to the cart, from those who may and those who may not, and whether each gets what the files say. */
import { rawRequest, type RawRequest } from "../../test/support/raw-request.ts";
import type { Answered } from "../answered.ts";
import { echoOf } from "../requests.ts";
import type { Programs } from "./programs.ts";

/** Where web calls the Service cart, and where the visitor does. */
export const WEB_CALLS_CART = 19_180;
const VISITOR_CALLS_CART = 19_190;
const CART_V1 = { address: "127.1.0.21", port: 8080 };

/** Which program answers; what went wrong, where none does. */
export async function call(caller: "web" | "visitor", request: Omit<RawRequest, "port"> = {}): Promise<string> {
  const port = caller === "web" ? WEB_CALLS_CART : VISITOR_CALLS_CART;
  try {
    return echoOf(await rawRequest({ port, host: "cart", ...request })).backend;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export async function askWeb(programs: Programs): Promise<Answered[]> {
  return [
    await weightedSplit(),
    await headerMatch(),
    await refusedIdentity(),
    await refusedPlainText(),
    await retried(programs),
  ];
}

async function weightedSplit(): Promise<Answered> {
  const total = 200;
  const names = await Promise.all(Array.from({ length: total }, () => call("web")));
  const [first, second] = ["cart-v1", "cart-v2"].map((name) => names.filter((each) => each === name).length);
  return {
    asked: `web: ${total} × GET cart/`,
    got: `cart-v1 ${first}, cart-v2 ${second}`,
    // Nine to one; 200 tries lie within 4 standard deviations of 20 all but one time in ten thousand.
    isRight: (first ?? 0) + (second ?? 0) === total && (second ?? 0) >= 3 && (second ?? 0) <= 37,
  };
}

async function headerMatch(): Promise<Answered> {
  const got = await call("web", { headers: [["x-version", "v2"]] });
  return { asked: "web: GET cart/ with x-version: v2", got, isRight: got === "cart-v2" };
}

async function refusedIdentity(): Promise<Answered> {
  const got = await call("visitor");
  return { asked: "visitor (another identity): GET cart/", got, isRight: got === "status 403" };
}

async function refusedPlainText(): Promise<Answered> {
  const isRefused = await rawRequest({ ...CART_V1, host: "cart" }).then(
    () => false,
    () => true,
  );
  return {
    asked: `nobody in the mesh, in plain text: GET ${CART_V1.address}:${CART_V1.port}/`,
    got: isRefused ? "refused: the connection is closed" : "answered",
    isRight: isRefused,
  };
}

/** The sidecar of a program that is gone says so, and the caller's tries another endpoint. */
async function retried(programs: Programs): Promise<Answered> {
  const total = 20;
  await programs.endFirst();
  const names = await Promise.all(Array.from({ length: total }, () => call("web", { path: "/any" })));
  await programs.startFirst();
  const second = names.filter((name) => name === "cart-v2").length;
  return {
    asked: `web: ${total} × GET cart/any while cart-v1 is down`,
    got: `${second} answered by cart-v2, after a retry where need be`,
    isRight: second === total,
  };
}
