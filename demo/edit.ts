/** An edit of a file, and traffic that follows it without a failed request. */
import { readFileSync, writeFileSync } from "node:fs";
import { rawRequest } from "../test/support/raw-request.ts";
import { type Answered, echoOf } from "./requests.ts";

const WITHIN_MS = 5_000;

/** Sends all of the shop's traffic to version 2, by its weights, and asks until ten answers in a row come from there. */
export async function followEdit(file: string): Promise<Answered> {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("weight: 9", "weight: 0"));
  const start = performance.now();
  let inARow = 0;
  let lastFromOld = start;
  let failed = 0;
  let asked = 0;
  while (inARow < 10 && performance.now() - start < WITHIN_MS) {
    const { backend } = echoOf(await rawRequest({ port: 8080, host: "store.example.com" }));
    asked += 1;
    inARow = backend === "store-v2" ? inARow + 1 : 0;
    if (backend === "store-v1") lastFromOld = performance.now();
    else if (backend !== "store-v2") failed += 1;
  }
  const tookMs = Math.round(lastFromOld - start);
  return {
    asked: "store.yaml edited: weight 9 → 0 for store-v1",
    got: `all to store-v2 after ${tookMs} ms; ${failed} of ${asked} requests failed`,
    isRight: inARow === 10 && failed === 0,
  };
}
